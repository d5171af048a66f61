"""Every reason at once: shape, unknown ids, time, TikTok's rules and what the creator allows, in one answer."""

import pytest

from tests.contract.operations import MISSING
from tests.media import sample_media
from tests.posts.times import NEXT_YEAR
from tests.web.problems import assert_problem

PAST = "2020-01-01T00:00:00Z"


def faults(response, status=422):
    return {(fault["pointer"], fault["code"]) for fault in assert_problem(response, status)["errors"]}


EVERYTHING = {
    ("/nonsense", "unknown_field"),
    ("/allow_duet", "null"),
    ("/media_ids/0", "wrong_type"),
    ("/media_ids/1", "unknown_media"),
    ("/targets/1/account_id", "unknown_account"),
    ("/targets/2/account_id", "wrong_type"),
    ("/targets/3/caption", "caption_too_long"),
    ("/publish_at", "publish_time_passed"),
    ("/consent", "consent_missing"),
    ("/media_ids", "media_count"),
    ("/privacy_level", "privacy_level_missing"),
}


@pytest.fixture
def wrong(owner, connect_account):
    """A body that is wrong in every way there is."""
    ada, grace = connect_account(owner, "ada"), connect_account(owner, "grace")
    return {
        "nonsense": 1,
        "allow_duet": None,
        "media_ids": ["42", MISSING],
        "targets": [
            {"account_id": ada},
            {"account_id": MISSING},
            {"account_id": "42"},
            {"account_id": grace, "caption": "x" * 2201},
        ],
        "publish_at": PAST,
    }


def test_a_new_post_is_told_every_reason_of_every_stage(owner, wrong):
    response = owner.post("/posts", json=wrong)

    assert faults(response) == EVERYTHING
    assert all(fault["message"] for fault in response.json["errors"])
    [count] = [fault for fault in response.json["errors"] if fault["code"] == "media_count"]
    assert (count["found"], count["allowed"]) == (2, 1)


def test_a_change_is_told_every_reason_of_every_stage_and_nothing_is_kept_of_it(owner, wrong):
    post = owner.get(f"/posts/{owner.post('/posts', json={'caption': 'A draft'}).json['id']}").json

    response = owner.patch(f"/posts/{post['id']}", json=wrong)

    assert faults(response) == EVERYTHING
    assert owner.get(f"/posts/{post['id']}").json == post
    assert [entry["action"] for entry in owner.get("/audit?action=post").json["data"]] == []


def test_the_document_names_every_member_of_a_reason(owner, wrong):
    named = owner.client.get("/openapi.json").json["components"]["schemas"]["Fault"]["properties"].keys()

    sent = {member for fault in owner.post("/posts", json=wrong).json["errors"] for member in fault}

    assert "account_id" in sent
    assert sent - named == set()


def test_with_an_idempotency_key_it_is_the_same(owner, wrong):
    response = owner.post("/posts", json=wrong, headers={"Idempotency-Key": "once"})

    assert faults(response) == EVERYTHING
    assert owner.get("/posts").json["data"] == []


def test_without_faults_of_shape_the_other_stages_are_told_together(owner, wrong):
    del wrong["nonsense"], wrong["allow_duet"], wrong["media_ids"][0], wrong["targets"][2]

    response = owner.post("/posts", json=wrong)

    assert faults(response) == {
        ("/media_ids/0", "unknown_media"),
        ("/targets/1/account_id", "unknown_account"),
        ("/targets/2/caption", "caption_too_long"),
        ("/publish_at", "publish_time_passed"),
        ("/consent", "consent_missing"),
        ("/privacy_level", "privacy_level_missing"),
    }


def test_a_draft_is_told_shape_and_unknown_ids_together_but_may_be_incomplete(owner):
    response = owner.post("/posts", json={"media_ids": [MISSING], "caption": 5, "targets": [{}]})

    assert faults(response) == {
        ("/caption", "wrong_type"),
        ("/media_ids/0", "unknown_media"),
        ("/targets/0/account_id", "required"),
    }


def test_a_time_that_is_malformed_does_not_hide_what_else_keeps_a_post_from_going_out(make_post, owner):
    post = make_post(privacy_level=None, consent=False)
    wanted = {("/consent", "consent_missing"), ("/privacy_level", "privacy_level_missing")}

    malformed = owner.post(f"/posts/{post['id']}/schedule", json={"publish_at": "tomorrow", "x": 1})
    halved = owner.post(f"/posts/{post['id']}/schedule", json={"local_time": "2090-03-02T12:00"})
    passed = owner.post(f"/posts/{post['id']}/schedule", json={"publish_at": PAST})
    missing = owner.post(f"/posts/{post['id']}/schedule", json={})

    assert faults(malformed) == wanted | {("/publish_at", "wrong_type"), ("/x", "unknown_field")}
    assert faults(halved) == wanted | {("/timezone", "invalid")}
    assert faults(passed) == wanted | {("/publish_at", "publish_time_passed")}
    assert faults(missing) == wanted | {("/publish_at", "invalid")}
    assert owner.get(f"/posts/{post['id']}").json["status"] == "draft"


def test_what_is_faulty_raises_no_second_reason(owner, connect_account, make_video):
    target = {"account_id": connect_account(owner, "ada"), "privacy_level": "NOBODY"}
    body = {"media_ids": [make_video()], "targets": [target], "consent": 5, "publish_at": NEXT_YEAR, "mode": "x"}

    response = owner.post("/posts", json=body)

    assert faults(response) == {
        ("/targets/0/privacy_level", "invalid"),
        ("/consent", "wrong_type"),
        ("/mode", "invalid"),
    }


@pytest.mark.parametrize("more", [{}, {"nonsense": 1}])
def test_the_words_are_judged_where_no_target_is_known(owner, more):
    targets = [{"account_id": MISSING}, {"account_id": MISSING[:-1] + "f", "caption": "x" * 2201}]
    unknown = {"media_ids": [MISSING], "targets": targets, "consent": True}
    post = owner.post("/posts", json={}).json
    wanted = {
        ("/media_ids/0", "unknown_media"),
        ("/targets/0/account_id", "unknown_account"),
        ("/targets/1/account_id", "unknown_account"),
        ("/targets/1/caption", "caption_too_long"),
        ("/privacy_level", "privacy_level_missing"),
    } | {(f"/{name}", "unknown_field") for name in more}

    answers = [
        owner.post("/posts", json=unknown | more | {"publish_at": NEXT_YEAR}),
        owner.patch(f"/posts/{post['id']}", json=unknown | more | {"publish_at": NEXT_YEAR}),
    ]

    for answer in answers:
        assert faults(answer) == wanted
        assert len(answer.json["errors"]) == len(wanted)


def test_the_words_are_judged_where_no_target_is_named(owner):
    draft = owner.post("/posts", json={"caption": "x" * 2201}).json

    created = owner.post("/posts", json={"caption": "x" * 2201, "publish_at": NEXT_YEAR})
    published = owner.post(f"/posts/{draft['id']}/publish")

    for answer in (created, published):
        assert faults(answer) == {
            ("/targets", "no_targets"),
            ("/media_ids", "media_count"),
            ("/consent", "consent_missing"),
            ("/caption", "caption_too_long"),
            ("/privacy_level", "privacy_level_missing"),
        }


@pytest.mark.parametrize(
    "targets", [[{"account_id": MISSING, "privacy_level": "SECRET"}], {"0": {"privacy_level": "SELF_ONLY"}}]
)
def test_a_privacy_level_that_is_not_sound_is_not_missing_as_well(owner, targets):
    response = owner.post("/posts", json={"targets": targets, "publish_at": NEXT_YEAR})

    assert "privacy_level_missing" not in {code for _, code in faults(response)}


def test_unknown_and_foreign_ids_are_answered_alike(owner, stranger, connect_account, make_video):
    theirs = {
        "media_ids": [make_video(person=stranger)],
        "targets": [{"account_id": connect_account(stranger, "grace")}],
    }
    unknown_ids = {"media_ids": [MISSING], "targets": [{"account_id": MISSING}]}
    rest = {"publish_at": PAST, "nonsense": 1}

    foreign, unknown = owner.post("/posts", json=theirs | rest), owner.post("/posts", json=unknown_ids | rest)

    assert foreign.json["errors"] == unknown.json["errors"]


@pytest.mark.parametrize("number", [1, 2])
def test_media_that_are_unknown_are_no_other_reason_as_well(owner, connect_account, number):
    body = {"privacy_level": "SELF_ONLY", "consent": True, "targets": [{"account_id": connect_account(owner, "ada")}]}
    media_ids = [MISSING, MISSING.replace("0", "1")][:number]

    response = owner.post("/posts", json=body | {"media_ids": media_ids, "publish_at": NEXT_YEAR})

    expected = {(f"/media_ids/{place}", "unknown_media") for place in range(number)}
    assert faults(response) == expected | ({("/media_ids", "media_count")} if number > 1 else set())


def test_a_post_of_a_stranger_is_not_judged(owner, stranger, make_post):
    post = make_post(consent=False)

    for path in (f"/posts/{post['id']}/schedule", f"/posts/{MISSING}/schedule"):
        assert faults(stranger.post(path, json={"publish_at": 1})) == {("/publish_at", "wrong_type")}


def test_what_tiktok_said_last_of_the_creator_counts_when_a_post_is_scheduled(owner, simulator, make_post, make_video):
    simulator.control.change_creator("ada", comment_disabled=True, duet_disabled=True, max_video_post_duration_sec=1)
    long = make_video(sample_media.video(seconds=2))
    post = make_post(media_ids=[long], allow_comment=True, allow_duet=True, allow_stitch=True)

    answers = [
        owner.post(f"/posts/{post['id']}/schedule", json={"publish_at": NEXT_YEAR}),
        owner.post(f"/posts/{post['id']}/publish"),
        owner.patch(f"/posts/{post['id']}", json={"publish_at": NEXT_YEAR}),
    ]

    for answer in answers:
        assert faults(answer) == {
            ("/allow_comment", "comment_not_available"),
            ("/allow_duet", "duet_not_available"),
            ("/media_ids/0", "video_duration"),
        }
        assert {fault["checked"] for fault in answer.json["errors"]} == {"cached"}
        assert all(fault["checked_at"].endswith("Z") for fault in answer.json["errors"])


def test_a_failed_target_may_be_tried_again_whatever_was_said_before(owner, publishing):
    post = publishing.make_post(allow_comment=True)
    publishing.tiktok.change_creator("ada", comment_disabled=True)
    publishing.begin(post)
    publishing.run_until(lambda: publishing.shown(post)["state"] == "failed")
    account_id = post["targets"][0]["account_id"]
    publishing.pass_time(61)
    assert owner.get(f"/accounts/{account_id}/creator-info").json["comment_disabled"] is True
    publishing.tiktok.change_creator("ada", comment_disabled=False)

    answer = owner.post(f"/posts/{post['id']}/retry")

    assert answer.status_code == 202, answer.json
    publishing.run_until(lambda: publishing.shown(post)["state"] in ("published", "publicly_available"))


def test_a_creator_whom_tiktok_bans_is_told_before_the_time_comes(owner, simulator, make_post, run_jobs):
    simulator.control.change_creator("ada", banned=True)
    post = make_post()

    answer = owner.post(f"/posts/{post['id']}/schedule", json={"publish_at": NEXT_YEAR})

    assert faults(answer) == {("/targets/0/account_id", "creator_cannot_post")}
    [fault] = answer.json["errors"]
    assert (fault["found"], fault["checked"]) == ("spam_risk_user_banned_from_posting", "cached")


def test_a_creator_of_whom_nothing_is_known_is_not_judged(owner, simulator, connect_account, make_video):
    simulator.control.change_creator("ada", comment_disabled=True)
    draft = {"privacy_level": "SELF_ONLY", "consent": True, "media_ids": [make_video()], "allow_comment": True}
    account_id = connect_account(owner, "ada")  # and not read yet

    answer = owner.post("/posts", json=draft | {"targets": [{"account_id": account_id}], "publish_at": NEXT_YEAR})

    assert answer.status_code == 201, answer.json


def test_a_fault_of_shape_does_not_hide_what_the_mode_makes_of_the_rest(owner, wrong):
    body = {"nonsense": 1, "mode": "inbox", "if_late": "skip", "publish_at": PAST, "targets": [{"account_id": MISSING}]}

    found = faults(owner.post("/posts", json=body))

    assert {("/nonsense", "unknown_field"), ("/publish_at", "publish_time_passed")} <= found
    assert ("/targets/0/account_id", "unknown_account") in found
    assert ("/privacy_level", "privacy_level_missing") not in found, "in the inbox that is the creator's own choice"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"caption": "a\0b"}, "/caption"),
        ({"local_time": "2200-02-30T12:00:00", "timezone": "Europe/Berlin"}, "/local_time"),
        ({"publish_at": NEXT_YEAR, "local_time": "2200-03-02T12:00:00", "timezone": "Europe/Berlin"}, "/publish_at"),
        ({"targets": [{"account_id": MISSING}, {"account_id": MISSING}]}, "/targets/1/account_id"),
    ],
    ids=["no text", "on no calendar", "two times", "an account twice"],
)
def test_what_a_draft_cannot_be_is_told_where_it_stands(owner, body, pointer):
    assert pointer in {place for place, _ in faults(owner.post("/posts", json=body))}
