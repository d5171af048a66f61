"""Avatars and covers are kept here: fetched after a sync, shown by signed links, refreshed, and gone with the account"""

import io
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from tests.web.problems import assert_problem
from tiktok_api import moving_clock
from tiktok_api.media import sharing


@pytest.fixture
def account_id(owner, simulator, connect_account, run_jobs):
    found = connect_account(owner, "ada")
    run_jobs()
    return found


@pytest.fixture
def pass_time(app, simulator):
    def advance(**duration):
        with app.app_context():
            moving_clock.advance(timedelta(**duration))
        simulator.control.advance(timedelta(**duration).total_seconds())

    return advance


def avatar_of(owner, account_id):
    return owner.get(f"/accounts/{account_id}").json["avatar_url"]


def covers_of(owner, account_id):
    return [video["cover_url"] for video in owner.get(f"/accounts/{account_id}/videos?limit=100").json["data"]]


def path_of(url):
    return url.partition("?")[0]


def test_until_it_was_fetched_there_is_none(owner, connect_account):
    account_id = connect_account(owner, "ada")

    assert avatar_of(owner, account_id) is None


def test_an_avatar_is_shown_without_a_token(owner, client, account_id):
    url = avatar_of(owner, account_id)

    answer = client.get(url)

    assert "127.0.0.1:" not in url
    assert Image.open(io.BytesIO(answer.data)).format == "JPEG"
    assert answer.content_type == "image/jpeg"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer.headers["Cache-Control"]
    assert client.head(url).status_code == 200
    assert client.get(url, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert_problem(client.get(url[:-1] + ("0" if url[-1] != "0" else "1")), 403, "link_not_valid")


def test_every_cover_is_kept_and_outlives_the_link_of_tiktok(owner, client, account_id, pass_time):
    before = covers_of(owner, account_id)
    pass_time(hours=7)
    covers = covers_of(owner, account_id)

    answers = [client.get(url) for url in covers]

    assert len(covers) > 5
    assert {Image.open(io.BytesIO(answer.data)).format for answer in answers} == {"JPEG"}
    assert all(old != new for old, new in zip(before, covers, strict=True))
    assert_problem(client.get(before[0]), 403, "link_expired")


def test_what_has_not_changed_is_not_fetched_again(owner, simulator, account_id, run_jobs, pass_time, stored_keys):
    kept = stored_keys()
    pass_time(hours=2)
    run_jobs()

    assert stored_keys() == kept
    assert kept


def test_pictures_go_with_the_account(owner, client, account_id, run_jobs, stored_keys):
    urls = [avatar_of(owner, account_id), *covers_of(owner, account_id)]
    assert owner.delete(f"/accounts/{account_id}").status_code == 200
    gone = [client.get(url).status_code for url in urls]

    run_jobs()

    assert set(gone) == {403}
    assert stored_keys() == set()


def test_sweeping_leaves_what_is_kept(app, owner, account_id):
    with app.app_context():
        keys = set(app.extensions["tiktok_api.storage"].keys_before(_far()))
        held = sharing.held_among(sorted(keys))

    assert keys
    assert held == keys


def test_a_stranger_sees_no_links(stranger, account_id):
    assert_problem(stranger.get(f"/accounts/{account_id}"), 404)
    assert_problem(stranger.get(f"/accounts/{account_id}/videos"), 404)


@pytest.fixture
def stored_keys(app):
    """The keys of whatever is in storage."""

    def keys():
        with app.app_context():
            return set(app.extensions["tiktok_api.storage"].keys_before(_far()))

    return keys


def _far():
    return datetime.now(UTC) + timedelta(days=1)
