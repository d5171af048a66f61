"""What a screen must show to the person who writes a post, by TikTok's content sharing guidelines."""

import pytest

from tests.web.problems import assert_problem

ALL_SCOPES_BUT_PUBLISHING = ["user.info.basic", "user.info.profile"]


@pytest.fixture
def ada(owner, connect_account, run_jobs):
    account_id = connect_account(owner, "ada")
    run_jobs()
    return account_id


@pytest.fixture
def compose(owner, ada):
    """The composer of ada's account: `compose("brand_content_toggle=true")`."""

    def ask(query="", account_id=None):
        response = owner.get(f"/accounts/{account_id or ada}/composer?{query}")
        assert response.status_code == 200, response.json
        return response.json

    return ask


def available(options, name="value"):
    return {option[name]: option["is_available"] for option in options}


def test_the_creator_is_shown_as_tiktok_names_them_now(compose, ada):
    shown = compose()

    assert (shown["account_id"], shown["checked"], shown["can_post"]) == (ada, "live", True)
    assert (shown["creator"]["username"], bool(shown["creator"]["avatar_url"])) == ("ada", True)
    assert shown["max_video_duration_seconds"] == 600
    assert shown["processing_notice"]


def test_privacy_has_the_creators_options_and_no_default(compose):
    privacy = compose()["privacy"]

    assert privacy["default"] is None
    assert available(privacy["options"]) == {
        "PUBLIC_TO_EVERYONE": True,
        "MUTUAL_FOLLOW_FRIENDS": True,
        "SELF_ONLY": True,
    }
    assert [option["label"] for option in privacy["options"]] == ["Everyone", "Friends", "Only you"]


def test_interactions_are_off_and_those_that_the_creator_turned_off_are_greyed_out(compose, change_ada):
    change_ada(duet_disabled=True)

    video, photo = compose()["interactions"], compose("type=photo")["interactions"]

    assert available(video, "field") == {"allow_comment": True, "allow_duet": False, "allow_stitch": True}
    assert {option["default"] for option in video} == {False}
    assert [bool(option["reason"]) for option in video] == [False, True, False]
    assert available(photo, "field") == {"allow_comment": True}


@pytest.mark.parametrize(
    ("query", "disclosure", "label", "links"),
    [
        ("", "none", None, 1),
        ("brand_organic_toggle=true", "your_brand", "Promotional content", 1),
        ("brand_content_toggle=true", "branded_content", "Paid partnership", 2),
        ("brand_content_toggle=true&brand_organic_toggle=true", "branded_content", "Paid partnership", 2),
    ],
)
def test_label_and_declaration_follow_from_what_is_disclosed(compose, query, disclosure, label, links):
    shown = compose(query)

    assert (shown["declaration"]["disclosure"], len(shown["declaration"]["links"])) == (disclosure, links)
    assert "Music Usage Confirmation" in shown["declaration"]["text"]
    assert shown["disclosure"]["resulting_label"] == label
    assert bool(shown["disclosure"]["resulting_notice"]) is (label is not None)
    assert {each["disclosure"] for each in shown["declarations"]} == {"none", "your_brand", "branded_content"}
    assert (shown["disclosure"]["default"], shown["disclosure"]["is_choice_required"]) == (False, True)


def test_branded_content_and_private_exclude_each_other(compose):
    branded = compose("brand_content_toggle=true")["privacy"]["options"]
    private = compose("privacy_level=SELF_ONLY")["disclosure"]["options"]

    assert available(branded)["SELF_ONLY"] is False
    assert [option["reason"] for option in branded if option["value"] == "SELF_ONLY"] == [
        "Branded content visibility cannot be set to private."
    ]
    assert available(private, "field") == {"brand_organic_toggle": True, "brand_content_toggle": False}


def test_videos_and_photos_have_texts_and_switches_of_their_own(compose):
    video, photo = compose(), compose("type=photo")

    assert video["limits"] == {"caption": 2200, "title": None, "description": None}
    assert photo["limits"] == {"caption": None, "title": 90, "description": 4000}
    assert (video["music"], photo["music"]["default"]) == (None, False)
    assert photo["max_video_duration_seconds"] is None
    assert video["ai_label"]["field"] == "is_aigc"


@pytest.mark.parametrize(
    ("change", "code", "is_retryable"),
    [
        ({"banned": True}, "spam_risk_user_banned_from_posting", False),
        ({"post_cap": 0}, "spam_risk_too_many_posts", True),
    ],
)
def test_a_creator_who_can_post_nothing_is_told_so(compose, change_ada, change, code, is_retryable):
    change_ada(**change)

    shown = compose()

    assert shown["can_post"] is False
    assert [(reason["code"], reason["retryable"]) for reason in shown["reasons"]] == [(code, is_retryable)]


def test_an_account_that_lacks_the_scope_is_told_so(compose, owner, connect_account):
    account_id = connect_account(owner, "grace", scopes=ALL_SCOPES_BUT_PUBLISHING)

    shown = compose(account_id=account_id)

    assert [reason["code"] for reason in shown["reasons"]] == ["scope_missing"]
    assert shown["checked"] == "not_checked"
    assert set(available(shown["privacy"]["options"]).values()) == {False}
    assert set(available(shown["interactions"], "field").values()) == {False}


def test_a_grant_that_has_run_out_is_told(compose, pass_time):
    pass_time(400 * 86_400)

    codes = [reason["code"] for reason in compose()["reasons"]]

    assert codes in (["grant_expired"], ["account_needs_reconnection"])


def test_a_silent_tiktok_leaves_what_it_said_last(compose, silence):
    compose()
    silence()

    shown = compose()

    assert (shown["checked"], len(shown["privacy"]["options"])) == ("cached", 3)


def test_a_stranger_finds_no_composer(stranger, ada):
    assert_problem(stranger.get(f"/accounts/{ada}/composer"), 404, "not_found")


class TestUnaudited:
    """An app that TikTok has not audited posts only to private accounts, visible to the creator alone."""

    @pytest.fixture
    def settings(self):
        return {"tiktok_app_audited": False}

    def test_the_composer_offers_only_what_such_an_app_may(self, compose):
        shown = compose()

        assert available(shown["privacy"]["options"]) == {
            "PUBLIC_TO_EVERYONE": False,
            "MUTUAL_FOLLOW_FRIENDS": False,
            "SELF_ONLY": True,
        }
        assert [reason["code"] for reason in shown["reasons"]] == ["app_unaudited"]
        assert available(shown["disclosure"]["options"], "field")["brand_content_toggle"] is False

    def test_validation_names_the_account_and_the_level(self, draft, validate, change_ada):
        body = draft(privacy_level="MUTUAL_FOLLOW_FRIENDS")

        public = validate(body)["problems"]
        change_ada(private=True)
        private = validate(body | {"privacy_level": "SELF_ONLY"})

        assert {(item["pointer"], item["code"], item["retryable"]) for item in public} == {
            ("/targets/0/account_id", "app_unaudited", True),
            ("/privacy_level", "app_unaudited", True),
        }
        assert private["is_publishable"]


def test_a_refusal_teaches_that_the_app_is_unaudited(publishing, draft, validate, compose, simulator):
    body = draft()
    simulator.control.change_app("awsimclient0001", audited=False)
    post = publishing.make_post(targets=body["targets"], media_ids=body["media_ids"])
    assert validate(body)["is_publishable"]

    publishing.begin(post)
    publishing.run_until(lambda: publishing.shown(post)["reason"] == "app_unaudited")

    assert {item["code"] for item in validate(body)["problems"]} == {"app_unaudited"}
    assert compose()["can_post"] is False


class TestAudited:
    """The setting's word counts for more than what was refused before."""

    @pytest.fixture
    def settings(self):
        return {"tiktok_app_audited": True}

    def test_nothing_is_restricted(self, compose):
        assert all(available(compose()["privacy"]["options"]).values())
