"""Whether TikTok would take a post is told before it is created: every reason of every stage, asked live, in one answer."""

from fractions import Fraction

import pytest

from tests.contract.operations import MISSING
from tests.media import sample_media
from tests.posts.times import NEXT_YEAR
from tests.posts.validation.conftest import places
from tests.web.problems import assert_problem

BAN, CAP = "spam_risk_user_banned_from_posting", "spam_risk_too_many_posts"


def test_of_a_sound_post_there_is_no_problem_and_nothing_is_kept(owner, draft, validate):
    body = draft(caption="Hello 🎉 #world #wide @ada, a@b")

    answer = validate(body)

    assert (answer["is_publishable"], answer["problems"]) == (True, [])
    assert places(answer["warnings"]) == {("/media_ids/0", "video_silent")}
    [facts] = answer["facts"]
    assert (facts["hashtags"], facts["mentions"]) == (["world", "wide"], ["ada,"])
    assert (facts["checked"], facts["caption_length"]) == ("live", 31)
    assert facts["account_id"] == body["targets"][0]["account_id"]
    assert owner.get("/posts").json["data"] == []


def test_all_that_is_wrong_is_told_at_once_with_all_its_members(owner, simulator, draft, validate, make_video):
    body = draft(allow_comment=True, consent=False, publish_at="2020-01-01T00:00:00Z", caption="x" * 2201)
    simulator.control.change_creator("ada", comment_disabled=True, max_video_post_duration_sec=1)
    body["targets"].insert(0, {"account_id": MISSING})
    body["media_ids"] = [make_video(sample_media.video(seconds=2))]
    with_time = validate(body)

    assert places(with_time["problems"]) == {
        ("/targets/0/account_id", "unknown_account"),
        ("/consent", "consent_missing"),
        ("/caption", "caption_too_long"),
        ("/publish_at", "publish_time_passed"),
    }
    members = {
        "code",
        "pointer",
        "message",
        "account_id",
        "found",
        "allowed",
        "retryable",
        "checked",
        "checked_at",
        "next_free_at",
    }
    assert all(item.keys() == members for item in with_time["problems"])
    assert with_time["is_publishable"] is False


def test_the_creator_is_asked_live(draft, validate, make_video, change_ada):
    body = draft(allow_comment=True)
    body["media_ids"] = [make_video(sample_media.video(seconds=2))]
    assert validate(body)["is_publishable"]
    change_ada(comment_disabled=True, max_video_post_duration_sec=1, private=True)

    answer = validate(body | {"privacy_level": "PUBLIC_TO_EVERYONE"})

    assert places(answer["problems"]) == {
        ("/allow_comment", "comment_not_available"),
        ("/media_ids/0", "video_duration"),
        ("/privacy_level", "privacy_level_not_available"),
    }
    assert {item["checked"] for item in answer["problems"]} == {"live"}
    assert all(item["checked_at"] and not item["retryable"] for item in answer["problems"])


@pytest.mark.parametrize("way", ["create", "schedule"])
def test_what_is_refused_when_it_is_created_has_the_same_codes(owner, draft, validate, way):
    body = draft(consent=False, brand_content_toggle=True, publish_at=NEXT_YEAR)

    answer = validate(body)

    if way == "create":
        refusal = owner.post("/posts", json=body)
    else:
        slot = {"publish_at": body.pop("publish_at")}
        refusal = owner.post(f"/posts/{owner.post('/posts', json=body).json['id']}/schedule", json=slot)
    assert places(assert_problem(refusal, 422)["errors"]) == places(answer["problems"])


def test_faults_of_shape_stand_in_one_list_with_the_live_problems(owner, draft, change_ada):
    body = draft(allow_comment=True, consent=False) | {"nonsense": 1, "is_aigc": "yes"}
    change_ada(comment_disabled=True)

    refusal = owner.post("/posts/validate", json=body)

    found = assert_problem(refusal, 422)["errors"]
    assert places(found) == {
        ("/nonsense", "unknown_field"),
        ("/is_aigc", "wrong_type"),
        ("/consent", "consent_missing"),
        ("/allow_comment", "comment_not_available"),
    }
    [live] = [fault for fault in found if fault["code"] == "comment_not_available"]
    assert (live["checked"], live["retryable"]) == ("live", False)


def test_a_stored_post_is_judged_for_its_own_time_or_another(owner, make_post, validate):
    post = make_post(consent=False)
    scheduled = make_post(publish_at=NEXT_YEAR, media_ids=post["media_ids"], targets=_named(post))

    assert places(validate(post["id"])["problems"]) == {("/consent", "consent_missing")}
    assert validate(scheduled["id"])["publish_at"] == NEXT_YEAR
    moved = validate(post["id"], {"publish_at": "2020-01-01T00:00:00Z"})
    assert places(moved["problems"]) == {("/consent", "consent_missing"), ("/publish_at", "publish_time_passed")}
    twice = validate(scheduled["id"], {"local_time": "2030-10-27T02:30:00", "timezone": "Europe/Berlin"})
    [problem] = twice["problems"]
    assert (problem["pointer"], problem["code"], len(problem["allowed"])) == ("/local_time", "local_time_twice", 2)
    assert owner.get(f"/posts/{scheduled['id']}").json == {
        name: each for name, each in scheduled.items() if name != "collisions"
    }


def _named(post):
    return [{"account_id": target["account_id"]} for target in post["targets"]]


def test_a_post_that_is_out_has_nothing_left_to_judge(owner, publishing):
    post = publishing.make_post()
    publishing.begin(post)
    publishing.run_until_published(post)

    assert_problem(owner.post(f"/posts/{post['id']}/validate"), 409, "post_not_movable")


def test_a_failed_post_is_judged_by_its_failed_targets(owner, publishing, validate):
    post = publishing.make_post(allow_comment=True)
    publishing.tiktok.change_creator("ada", comment_disabled=True)
    publishing.begin(post)
    publishing.run_until(lambda: publishing.shown(post)["state"] == "failed")
    publishing.pass_time(61)

    assert places(validate(post["id"])["problems"]) == {("/allow_comment", "comment_not_available")}


def test_a_post_without_anything_is_told_what_it_lacks(validate):
    answer = validate({})

    assert places(answer["problems"]) == {
        ("/targets", "no_targets"),
        ("/media_ids", "media_count"),
        ("/consent", "consent_missing"),
        ("/privacy_level", "privacy_level_missing"),
    }
    [facts] = answer["facts"]
    assert (facts["account_id"], facts["checked"]) == (None, "not_checked")


@pytest.mark.parametrize("mode", ["direct", "inbox"])
def test_a_ban_is_a_problem_in_both_modes(draft, validate, change_ada, mode):
    what_matters = {} if mode == "direct" else {"caption": "", "privacy_level": None}
    body = draft(mode=mode, **what_matters)
    change_ada(banned=True)

    [problem] = validate(body)["problems"]

    assert (problem["code"], problem["found"], problem["checked"]) == ("creator_cannot_post", BAN, "live")
    assert problem["retryable"] is False


def test_a_cap_is_a_problem_now_a_warning_today_and_nothing_later(draft, validate, change_ada):
    body = draft()
    change_ada(post_cap=0)

    now = validate(body)
    today = validate(body | {"publish_at": _after(now, hours=5)})
    later = validate(body | {"publish_at": _after(now, hours=30)})

    [problem] = now["problems"]
    assert (problem["code"], problem["found"], problem["retryable"]) == ("creator_cannot_post", CAP, True)
    assert (today["is_publishable"], "creator_cannot_post" in _codes(today["warnings"])) == (True, True)
    assert (later["is_publishable"], "creator_cannot_post" in _codes(later["warnings"])) == (True, False)


def _after(answer, *, hours):
    from datetime import datetime, timedelta

    return (datetime.fromisoformat(answer["publish_at"]) + timedelta(hours=hours)).isoformat()


def _codes(items):
    return {item["code"] for item in items}


@pytest.fixture
def reconnect_ada(owner, connect_account):
    """Which forgets what TikTok said of her."""
    return lambda: connect_account(owner, "ada")


@pytest.mark.parametrize("is_known", [True, False])
def test_a_creator_that_cannot_be_asked_about_is_judged_by_what_is_known(
    draft, validate, silence, reconnect_ada, is_known
):
    body = draft(allow_duet=True)
    if not is_known:
        reconnect_ada()
    silence()

    answer = validate(body)

    [warning] = [item for item in answer["warnings"] if item["code"] == "creator_not_checked"]
    assert (warning["checked"], warning["retryable"]) == ("cached" if is_known else "not_checked", True)
    assert answer["facts"][0]["checked"] == warning["checked"]
    assert answer["is_publishable"] is True


def test_a_grant_that_ends_before_the_time_is_a_warning_and_one_that_has_ended_a_problem(
    owner, draft, validate, pass_time
):
    body = draft(publish_at="2190-01-01T00:00:00Z")

    before = validate(body)
    pass_time(400 * 86_400)
    after = validate(body)
    refusal = owner.post("/posts", json=body)

    assert "grant_ends_before" in _codes(before["warnings"])
    assert _codes(after["problems"]) & {"grant_expired", "account_needs_reconnection"}
    assert _codes(after["problems"]) == _codes(assert_problem(refusal, 422)["errors"])


def test_times_among_the_facts_of_findings_are_in_utc_with_z(owner, draft, validate, pass_time):
    body = draft(publish_at="2190-01-01T00:00:00Z")

    [warning] = [each for each in validate(body)["warnings"] if each["code"] == "grant_ends_before"]
    pass_time(400 * 86_400)
    [fault] = assert_problem(owner.post("/posts", json=body), 422)["errors"]

    assert warning["allowed"] == "2190-01-01T00:00:00Z"
    assert warning["found"] == fault["found"]
    assert fault["found"].endswith("Z")


def test_a_grant_that_has_run_out_is_found_without_asking_tiktok(owner, draft, pass_time):
    body = draft(publish_at="2190-01-01T00:00:00Z")
    pass_time(400 * 86_400)

    refusal = owner.post("/posts", json=body)

    [fault] = assert_problem(refusal, 422)["errors"]
    assert (fault["code"], fault["pointer"]) == ("grant_expired", "/targets/0/account_id")


def test_a_target_whose_account_is_gone_is_told(owner, make_post, validate):
    post = make_post()
    owner.delete(f"/accounts/{post['targets'][0]['account_id']}")

    answer = validate(post["id"])

    assert places(answer["problems"]) == {("/targets/0/account_id", "account_disconnected")}


def test_a_limit_that_is_just_passed_is_a_warning(owner, draft, validate, make_video):
    body = draft()
    fast = sample_media.shot(at=range(0, 60_000, 1000), time_base=Fraction(1, 60_060), b_frames=0)
    body["media_ids"] = [make_video(fast)]

    answer = validate(body)

    assert ("/media_ids/0", "video_fps") in places(answer["warnings"])
    assert answer["is_publishable"]


def test_media_that_are_still_inspected_are_not_checked(owner, draft, validate):
    body = draft()
    part = sample_media.part("file", sample_media.video(seconds=3), filename="b.mp4")
    upload = owner.post("/media", data=sample_media.multipart(part), content_type=sample_media.MULTIPART)
    body["media_ids"] = [upload.json["id"]]

    answer = validate(body)

    [warning] = [item for item in answer["warnings"] if item["pointer"] == "/media_ids/0"]
    assert (warning["code"], warning["checked"], warning["retryable"]) == ("media_not_inspected", "not_checked", True)
    assert answer["is_publishable"]


def test_many_hashtags_and_mentions_are_told_once_where_they_stand(owner, draft, validate, connect_account):
    body = draft(caption=" ".join(f"#a{number}" for number in range(31)))
    own = {"account_id": connect_account(owner, "grace"), "caption": "@a " * 21}
    body["targets"] += [own, {"account_id": connect_account(owner, "linus")}]

    answer = validate(body)

    told = [(item["pointer"], item["code"], item["found"]) for item in answer["warnings"] if "many" in item["code"]]
    assert told == [("/caption", "many_hashtags", 31), ("/targets/1/caption", "many_mentions", 21)]


def test_a_stranger_finds_nothing_to_judge(owner, stranger, make_post):
    post = make_post()

    assert_problem(stranger.post(f"/posts/{post['id']}/validate"), 404, "not_found")
