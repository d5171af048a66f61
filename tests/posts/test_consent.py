"""Consent is recorded with who gave it, when, and what they could be shown of each creator."""

from tests.auth.keys import make_key


def consent_of(post):
    return post["consent"], bool(post["consented_at"]), post["consented_by"], post["consented_with_key"]


def test_the_post_says_who_consented_and_each_target_what_they_could_be_shown(owner, make_post, publication_of):
    post = make_post()

    me = owner.get("/auth/me").json["id"]
    shown = publication_of(post)["consent_creator_info"]
    assert consent_of(post) == (True, True, me, None)
    assert shown["creator_username"] == "ada"


def test_when_tiktok_said_it_is_told_in_utc_with_z(make_post, publication_of):
    assert publication_of(make_post())["consent_creator_info"]["captured_at"].endswith("Z")


def test_it_names_the_api_key(owner, make_post):
    key = make_key(owner)

    post = make_post(person=key, targets=[], media_ids=[])

    [shown] = owner.get("/auth/api-keys").json["data"]
    assert post["consented_with_key"] == shown["id"]


def test_what_was_shown_stays_as_it_was(owner, make_post, publication_of, simulator, pass_time):
    account = make_post()["targets"][0]["account_id"]
    owner.get(f"/accounts/{account}/creator-info")
    post = make_post(targets=[{"account_id": account}])
    before = publication_of(post)["consent_creator_info"]
    simulator.control.change_creator("ada", private=True)
    pass_time(61)
    owner.get(f"/accounts/{account}/creator-info")

    owner.patch(f"/posts/{post['id']}", json={"caption": "Changed"})

    assert "PUBLIC_TO_EVERYONE" in before["privacy_level_options"]
    assert publication_of(post)["consent_creator_info"] == before


def test_consent_that_is_sent_with_a_change_is_recorded_anew(owner, make_post, publication_of, simulator, pass_time):
    account = make_post()["targets"][0]["account_id"]
    post = make_post(targets=[{"account_id": account}])
    simulator.control.change_creator("ada", private=True)
    pass_time(61)
    owner.get(f"/accounts/{account}/creator-info")

    changed = owner.patch(f"/posts/{post['id']}", json={"caption": "Changed", "consent": True}).json

    assert changed["consented_at"] > post["consented_at"]
    assert "FOLLOWER_OF_CREATOR" in publication_of(post)["consent_creator_info"]["privacy_level_options"]


def test_consent_that_is_withdrawn_is_forgotten(owner, make_post, publication_of):
    post = make_post()

    changed = owner.patch(f"/posts/{post['id']}", json={"consent": False}).json

    assert consent_of(changed) == (False, False, None, None)
    assert publication_of(post)["consent_creator_info"] is None


def test_a_target_that_is_named_later_has_what_could_be_shown_then(owner, make_post, publication_of, connect_account):
    post = make_post()
    grace = connect_account(owner, "grace")
    owner.get(f"/accounts/{grace}/creator-info")

    owner.patch(f"/posts/{post['id']}", json={"targets": [{"account_id": grace}]})

    assert publication_of(post)["consent_creator_info"]["creator_username"] == "grace"
