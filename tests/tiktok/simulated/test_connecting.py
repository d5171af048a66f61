"""Connecting, reading, renewing and disconnecting an account at the simulated TikTok"""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.tiktok.simulated.conftest import DESKTOP, SCOPES, WEB
from tiktok_api.tiktok import AccessTokenInvalid, GrantInvalid, ScopeMissing, TikTokRefusal, TikTokUnreachable


@pytest.mark.parametrize("app", [WEB, DESKTOP], ids=["web", "desktop"])
def test_an_account_is_connected(make_client, connect, app):
    client = make_client(app)

    grant = connect(client, app=app)

    assert set(grant.scopes) == set(SCOPES)
    assert (grant.expires_in, grant.refresh_expires_in) == (86_400, 31_536_000)
    assert client.fetch_user_info(grant.access_token, scopes=grant.scopes).open_id == grant.open_id


def test_a_wrong_verifier_is_refused(make_client, simulator):
    client = make_client(DESKTOP)
    url = client.build_authorize_url(
        state="s", redirect_uri=DESKTOP.redirect_uri, scopes=SCOPES, code_verifier=client.new_code_verifier()
    )
    code = parse_qs(urlsplit(simulator.control.consent(url, "ada")).query)["code"][0]

    with pytest.raises(TikTokRefusal) as caught:
        client.exchange_code(code=code, redirect_uri=DESKTOP.redirect_uri, code_verifier=client.new_code_verifier())

    assert caught.value.code == "invalid_request"


@pytest.mark.parametrize("status", [200, 400, 401])
def test_a_code_works_once_whatever_the_status_of_errors(client, simulator, status):
    simulator.control.knobs(oauth_error_status=status)
    url = client.build_authorize_url(state="s", redirect_uri=WEB.redirect_uri, scopes=SCOPES)
    code = parse_qs(urlsplit(simulator.control.consent(url, "ada")).query)["code"][0]
    client.exchange_code(code=code, redirect_uri=WEB.redirect_uri)

    with pytest.raises(GrantInvalid) as caught:
        client.exchange_code(code=code, redirect_uri=WEB.redirect_uri)

    assert caught.value.http_status == status
    assert caught.value.log_id


def test_wrong_keys_are_not_mistaken_for_a_dead_account(make_client, connect):
    grant = connect(make_client())

    with pytest.raises(TikTokRefusal) as caught:
        make_client(client_secret="wrong").refresh_token(grant.refresh_token)

    assert caught.value.code == "invalid_client"


def test_fields_of_scopes_that_were_not_granted_are_not_requested(client, connect):
    grant = connect(client, ticked="user.info.basic")

    info = client.fetch_user_info(grant.access_token, scopes=grant.scopes)

    assert grant.scopes == ("user.info.basic",)
    assert info.display_name == "Ada L."
    assert (info.username, info.is_verified, info.follower_count) == (None, None, None)
    with pytest.raises(ScopeMissing):
        client.list_videos(grant.access_token)
    with pytest.raises(ScopeMissing):
        client.fetch_user_info(grant.access_token, scopes=SCOPES)


def test_a_profile_with_everything(client, connect, simulator):
    simulator.control.knobs(union_id_missing=True)
    grant = connect(client)

    info = client.fetch_user_info(grant.access_token, scopes=grant.scopes)

    assert (info.username, info.display_name, info.is_verified) == ("ada", "Ada L.", True)
    assert info.union_id is None
    assert info.video_count == 34
    assert info.follower_count == 18_412


@pytest.mark.parametrize("short_pages", [False, True])
def test_every_video_is_listed_once(client, connect, simulator, short_pages):
    simulator.control.knobs(short_pages=short_pages)
    access_token = connect(client).access_token

    page = client.list_videos(access_token)
    videos = list(page.videos)
    while page.has_more:
        page = client.list_videos(access_token, cursor=page.cursor)
        videos += page.videos

    assert len({video.id for video in videos}) == len(videos) == 34
    assert [video.created_at for video in videos] == sorted((video.created_at for video in videos), reverse=True)
    assert all(video.view_count is not None and video.cover_image_url for video in videos)
    assert {video.id for video in client.query_videos(access_token, [videos[3].id, "1"])} == {videos[3].id}


@pytest.mark.parametrize("rotation", ["always", "never"])
def test_tokens_are_renewed(client, connect, simulator, rotation):
    simulator.control.knobs(rotation=rotation, access_token_seconds=7200, refresh_token_seconds=15_552_000)
    old = connect(client)
    simulator.control.advance(7201)
    with pytest.raises(AccessTokenInvalid):
        client.list_videos(old.access_token)

    new = client.refresh_token(old.refresh_token)

    assert client.list_videos(new.access_token).videos
    assert (new.refresh_token == old.refresh_token) is (rotation == "never")
    assert (new.expires_in, new.open_id) == (7200, old.open_id)
    assert new.refresh_expires_in == pytest.approx(15_552_000 - 7201, abs=60)


def test_a_rotated_token_is_dead(client, connect):
    old = connect(client)
    client.refresh_token(old.refresh_token)

    with pytest.raises(GrantInvalid):
        client.refresh_token(old.refresh_token)


@pytest.mark.parametrize("body", ["object", "empty"])
def test_an_account_is_disconnected(client, connect, simulator, body):
    simulator.control.knobs(revoke_body=body)
    grant = connect(client)

    client.revoke_token(grant.access_token)

    with pytest.raises(AccessTokenInvalid):
        client.list_videos(grant.access_token)
    with pytest.raises(GrantInvalid):
        client.refresh_token(grant.refresh_token)


def test_a_path_that_tiktok_does_not_know_says_nothing_about_the_account(client, connect, make_client, simulator):
    """A wrong base URL: the gateway answers in plain text, nothing has happened, and no token is given up for it."""
    grant = connect(client)
    lost = make_client(api_url=f"{simulator.url}/moon")
    acts = [
        lambda: lost.refresh_token(grant.refresh_token),
        lambda: lost.fetch_user_info(grant.access_token, scopes=grant.scopes),
        lambda: lost.fetch_status(grant.access_token, "v_pub_file~v2-1.1"),
        lambda: lost.revoke_token(grant.access_token),
        lambda: lost.fetch_creator_info(grant.access_token),
    ]

    for act in acts:
        with pytest.raises(TikTokUnreachable) as caught:
            act()
        assert (caught.value.code, caught.value.http_status, caught.value.was_sent) == ("unsupported_path", 404, False)
    assert client.refresh_token(grant.refresh_token).access_token
