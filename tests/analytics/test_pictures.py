"""Avatars and covers are kept here: fetched after a sync, shown by signed links, refreshed, and gone with the account"""

import io
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from PIL import Image

from tests.media import sample_media
from tests.outbound.stub_servers import Source
from tests.storages import on_each_storage
from tests.web.problems import assert_problem
from tiktok_api import clock_offset
from tiktok_api.accounts.models import Account
from tiktok_api.analytics.pictures import services
from tiktok_api.analytics.pictures.fetcher import PictureFetcher
from tiktok_api.db import transaction
from tiktok_api.extensions import services_of
from tiktok_api.media import deduplication
from tiktok_api.outbound import OutboundError
from tiktok_api.storage.port import Storage


@pytest.fixture
def account_id(owner, simulator, connect_account, run_jobs):
    found = connect_account(owner, "ada")
    run_jobs()
    return found


@pytest.fixture
def pass_time(app, simulator):
    def advance(**duration):
        with app.app_context():
            clock_offset.advance(timedelta(**duration))
        simulator.control.advance(timedelta(**duration).total_seconds())

    return advance


def avatar_of(owner, account_id):
    return owner.get(f"/accounts/{account_id}").json["avatar_url"]


def covers_of(owner, account_id):
    return [video["cover_url"] for video in owner.get(f"/accounts/{account_id}/videos?limit=100").json["data"]]


def path_of(url):
    return url.partition("?")[0]


def test_there_is_no_picture_before_the_fetch(owner, connect_account):
    account_id = connect_account(owner, "ada")

    assert avatar_of(owner, account_id) is None


@on_each_storage
def test_an_avatar_is_shown_without_a_token(owner, client, account_id):
    url = avatar_of(owner, account_id)

    answer = client.get(url)

    assert urlsplit(url).path.startswith("/api/v1/pictures/avatars/")
    assert Image.open(io.BytesIO(answer.data)).format == "JPEG"
    assert answer.content_type == "image/jpeg"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer.headers["Cache-Control"]
    assert client.head(url).status_code == 200
    assert client.get(url, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert_problem(client.get(url[:-1] + ("0" if url[-1] != "0" else "1")), 403, "link_signature_invalid")


def test_every_cover_is_stored_and_outlives_tiktoks_link(owner, client, account_id, pass_time):
    before = covers_of(owner, account_id)
    pass_time(hours=7)
    covers = covers_of(owner, account_id)

    answers = [client.get(url) for url in covers]

    assert len(covers) > 5
    assert {Image.open(io.BytesIO(answer.data)).format for answer in answers} == {"JPEG"}
    assert all(old != new for old, new in zip(before, covers, strict=True))
    assert_problem(client.get(before[0]), 403, "link_expired")


def test_an_unchanged_picture_is_not_fetched_again(owner, simulator, account_id, run_jobs, pass_time, stored_keys):
    kept = stored_keys()
    pass_time(hours=2)
    run_jobs()

    assert stored_keys() == kept
    assert kept


def test_pictures_are_deleted_with_the_account(owner, client, account_id, run_jobs, stored_keys):
    urls = [avatar_of(owner, account_id), *covers_of(owner, account_id)]
    assert owner.delete(f"/accounts/{account_id}").status_code == 200
    gone = [client.get(url).status_code for url in urls]

    run_jobs()

    assert set(gone) == {403}
    assert stored_keys() == set()


def test_the_cleanup_leaves_used_pictures(app, owner, account_id):
    with app.app_context():
        keys = set(services_of(app)[Storage].keys_before(_far()))
        held = deduplication.keys_in_use(sorted(keys))

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
            return set(services_of(app)[Storage].keys_before(_far()))

    return keys


def _far():
    return datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def source():
    """A server that answers every request with what it is told."""
    answers = {}

    def play(_request, connection):
        status, headers, body = answers["now"]
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
        connection.sendall(head.encode() + body)

    server = Source(play)
    server.answers = answers
    yield server
    server.close()


@pytest.fixture
def name_avatar(app, account_id, run_jobs):
    """Have TikTok name another avatar, and the job look at it."""

    def name(url):
        with app.app_context(), transaction() as session:
            account = session.get(Account, UUID(account_id))
            account.avatar_url = url
            services.request_pictures(account=account)
        run_jobs()

    return name


PICTURE = sample_media.photo("PNG", width=40, height=40)


def test_another_avatar_replaces_the_one_before_and_its_bytes(
    owner, client, account_id, source, name_avatar, stored_keys
):
    before, many = avatar_of(owner, account_id), len(stored_keys())
    source.answers["now"] = (200, "Content-Type: text/html\r\n", PICTURE)

    name_avatar(source.url("/new.png?x-signature=1"))

    after = avatar_of(owner, account_id)
    assert client.get(after).data == PICTURE
    assert client.get(after).content_type == "image/png"
    assert client.get(before).status_code == 403
    assert len(stored_keys()) == many
    name_avatar(source.url("/new.png?x-signature=2"))
    assert len(source.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        (200, "", b"<html><script>alert(1)</script></html>"),
        (200, "", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        (200, "", b""),
        (200, "", PICTURE + b"x" * 5_000_000),
        (404, "", b""),
        (302, "Location: http://10.0.0.1/secret\r\n", b""),
        (302, "Location: file:///etc/passwd\r\n", b""),
    ],
    ids=["a page", "a drawing", "nothing", "too large", "not there", "a private address", "a file"],
)
def test_a_file_that_is_no_picture_is_not_stored_and_not_fetched_again(owner, account_id, source, name_avatar, answer):
    source.answers["now"] = answer

    name_avatar(source.url("/new.png"))
    name_avatar(source.url("/new.png"))

    assert avatar_of(owner, account_id) is None
    assert len(source.requests) == 1


@pytest.mark.parametrize("status", [403, 429, 500, 503])
def test_an_unreachable_source_leaves_the_stored_picture(owner, client, account_id, source, name_avatar, status):
    source.answers["now"] = (status, "", b"")
    before = avatar_of(owner, account_id)

    name_avatar(source.url("/new.png"))

    assert path_of(avatar_of(owner, account_id)) == path_of(before)
    assert client.get(avatar_of(owner, account_id)).status_code == 200
    source.answers["now"] = (200, "", PICTURE)
    name_avatar(source.url("/new.png"))
    assert client.get(avatar_of(owner, account_id)).data == PICTURE


def test_private_addresses_are_not_fetched_in_production(make_app, make_person, simulator, source):
    app = make_app(tiktok_allow_http=False)
    source.answers["now"] = (200, "", PICTURE)

    with (
        app.app_context(),
        pytest.raises(OutboundError),
        services_of(app)[PictureFetcher].get(source.url()),
    ):
        pass

    assert source.requests == []
