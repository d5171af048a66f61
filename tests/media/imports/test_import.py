"""POST /media/import: a file ends in the library, whole, or is rejected with a reason"""

import hashlib

import pytest
from sqlalchemy import select

from tests.auth.keys import make_key
from tests.conftest import Person
from tests.due_jobs import run_due_jobs
from tests.media import sample_media
from tests.media.imports.conftest import MOST_BYTES
from tests.outbound.stub_servers import answering, serving, spell
from tests.web.problems import assert_problem
from tiktok_api.db import db
from tiktok_api.media.models import MediaImport
from tiktok_api.outbound import Fetcher


def test_a_video_is_fetched_hashed_and_inspected(owner, source, begin, finish):
    content = sample_media.video()
    server = source(answering(spell(body=content, Content_Type="video/mp4; x=y")))

    begun = begin(server.url("/2027/Launch%20day.mp4?take=2"))
    media = finish(begun)

    assert begun["status"] == "uploading"
    assert begun["source_url"] == server.url("/2027/Launch%20day.mp4")
    assert (begun["received_bytes"], begun["size_bytes"], begun["expires_at"]) == (0, None, None)
    assert media["status"] == "ready"
    assert media["name"] == "Launch day.mp4"
    assert media["sha256"] == hashlib.sha256(content).hexdigest()
    assert (media["received_bytes"], media["size_bytes"]) == (len(content), len(content))
    assert owner.get(f"/media/{media['id']}/content").data == content
    assert [request.target for request in server.requests] == ["/2027/Launch%20day.mp4?take=2"]


def test_it_may_be_given_a_name(source, begin, finish):
    server = source(answering(spell(body=sample_media.photo())))

    media = finish(begin(server.url("/"), name="../../etc/cover.jpg"))

    assert (media["name"], media["kind"]) == ("cover.jpg", "photo")


def test_without_a_name_anywhere_it_is_untitled(source, begin):
    assert begin(source(answering(spell())).url("/"))["name"] == "untitled"


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nConnection: close\r\n\r\n",
    ],
)
def test_a_length_need_not_be_announced(source, begin, finish, head):
    content = sample_media.video()
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content) if b"chunked" in head else content

    media = finish(begin(source(answering(head + body)).url()))

    assert (media["status"], media["size_bytes"]) == ("ready", len(content))


def test_what_arrives_is_inspected_as_every_upload_is(owner, source, begin, finish):
    media = finish(begin(source(answering(spell(body=b"<html>Sign in</html>"))).url()))

    assert media["status"] == "rejected"
    assert media["rejection"]["code"] == "format_unsupported"


def test_it_is_fetched_over_tls_and_through_redirects(source, begin, finish, names, authority):
    names.give("cdn.example", ["127.0.0.1"])
    content = sample_media.video()
    server = source(answering(spell(body=content)), tls=authority.vouch_for("cdn.example"))
    shortener = source(answering(spell("302 Found", Location=server.url("/real.mp4", host="cdn.example"))))

    media = finish(begin(shortener.url("/short")))

    assert (media["status"], media["name"]) == ("ready", "short")
    assert media["source_url"] == shortener.url("/short")


@pytest.mark.parametrize("status", ["204 No Content", "206 Partial", "304 Not Modified", "401 No", "404 Gone", "410 X"])
def test_what_the_server_refuses_is_not_asked_for_again(source, begin, finish, status):
    server = source(answering(spell(status, b"" if status[0] != "4" else b"planted-secret of the server")))

    media = finish(begin(server.url()))

    assert media["status"] == "rejected"
    assert media["rejection"] == {"code": "import_refused", "message": f"The server answered {status[:3]}."}
    assert len(server.requests) == 1


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip"])
def test_a_compressed_body_is_refused_unread(source, begin, finish, encoding):
    media = finish(begin(source(answering(spell(body=b"bomb", Content_Encoding=encoding))).url()))

    assert media["rejection"]["code"] == "import_encoding_unsupported"


def test_a_file_that_says_it_is_too_large_is_not_begun(source, begin, finish, stored):
    media = finish(begin(source(answering(spell(length=MOST_BYTES + 1))).url()))

    assert media["rejection"]["code"] == "import_too_large"
    assert str(MOST_BYTES) in media["rejection"]["message"]
    assert stored() == set()


def test_a_length_beyond_all_reason_is_refused(source, begin, finish):
    media = finish(begin(source(answering(spell(length=10**18))).url()))

    assert media["rejection"]["code"] == "import_too_large"


@pytest.mark.parametrize("head", [b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"])
def test_an_endless_body_is_cut_off_at_the_limit(source, begin, finish, stored, head):
    sent = 0

    def play(_request, connection):
        nonlocal sent
        connection.sendall(head)
        piece = b"x" * 65_536
        while True:
            connection.sendall(b"10000\r\n" + piece + b"\r\n" if b"chunked" in head else piece)
            sent += len(piece)

    media = finish(begin(source(play).url()))

    assert media["rejection"]["code"] == "import_too_large"
    assert sent < MOST_BYTES + 20_000_000  # what the sockets had taken already
    assert stored() == set()


def test_an_unknown_host_and_a_certificate_for_another_one_are_refused_at_once(source, begin, finish, names, authority):
    names.give("other.example", ["127.0.0.1"])
    server = source(answering(spell()), tls=authority.vouch_for("cdn.example"))

    unknown = finish(begin("http://unknown.example/video.mp4"), hours=1)
    untrusted = finish(begin(server.url(host="other.example")), hours=1)

    assert unknown["rejection"]["code"] == "import_host_unknown"
    assert untrusted["rejection"]["code"] == "import_certificate_invalid"


def test_an_idempotency_key_imports_once(owner, source, run_jobs):
    server = source(answering(spell(body=sample_media.photo())))
    wish = {"json": {"url": server.url()}, "headers": {"Idempotency-Key": "one"}}

    first, second = owner.post("/media/import", **wish), owner.post("/media/import", **wish)
    run_jobs()

    assert (first.status_code, second.status_code) == (202, 202)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.json == first.json
    assert len(server.requests) == 1


def test_content_that_is_here_already_is_shared(owner, source, begin, finish, stored):
    server = source(answering(spell(body=sample_media.video())))

    first, second = finish(begin(server.url("/a.mp4"))), finish(begin(server.url("/b.mp4")))

    assert (second["status"], second["duplicate_of"]) == ("ready", first["id"])
    assert len(stored()) == 2  # the video and its thumbnail


@pytest.mark.parametrize(
    "too_much", [spell(length=300_001), b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 300_001], ids=["announced", "unannounced"]
)
def test_a_quota_holds_for_imports_too(make_app, fetcher, source, too_much):
    content = sample_media.video(pad_to_bytes=300_000)
    app = make_app(replaced={Fetcher: fetcher}, media_quota_bytes_per_user=500_000, media_quota_files_per_user=2)
    owner = Person(app, "owner@example.com")
    urls = [source(answering(answer)).url() for answer in (spell(body=content), too_much)]

    ids = [owner.post("/media/import", json={"url": url}).json["id"] for url in urls]
    one_too_many = owner.post("/media/import", json={"url": urls[0]})
    run_due_jobs(app)

    assert (one_too_many.status_code, one_too_many.json["code"]) == (413, "media_quota_exceeded")
    first, second = (owner.get(f"/media/{media_id}").json for media_id in ids)
    assert first["status"] == "ready"
    assert (second["status"], second["rejection"]["code"]) == ("rejected", "media_quota_exceeded")
    assert "holds" not in second["rejection"]["message"]  # a confined key reads it too
    usage = owner.get("/media/usage").json
    assert (usage["used_bytes"], usage["reserved_bytes"]) == (300_000, 0)


def test_only_so_many_may_be_under_way(owner, stranger, begin):
    for number in range(100):
        begin(f"http://127.0.0.1/{number}")

    refused = owner.post("/media/import", json={"url": "http://127.0.0.1/"})

    assert_problem(refused, 409, "imports_pending")
    assert stranger.post("/media/import", json={"url": "http://127.0.0.1/"}).status_code == 202


def test_a_url_is_encrypted_and_never_answered_or_logged(app, tmp_path, imports, source, capfd):
    content = sample_media.video()
    server = source(serving(content, cuts=(1000, 2000)))
    url = server.url("/video.mp4?X-Signature=planted-secret")

    begun = imports.begin(url)
    media = imports.finish(begun)
    refused = imports.finish(imports.begin(source(answering(spell("404 Not Found"))).url("/?planted-secret")))

    assert media["status"] == "ready"
    assert len(server.requests) == 3
    assert all("planted-secret" in request.target for request in server.requests)
    database = b"".join(file.read_bytes() for file in tmp_path.glob("test.sqlite3*"))
    assert b"planted-secret" not in database
    with app.app_context():
        assert db.session.scalars(select(MediaImport.url_encrypted)).all() == []
    assert "planted-secret" not in str([begun, media, refused, imports.owner.get("/media").json])
    assert "planted-secret" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/url"),
        ({"url": ""}, "/url"),
        ({"url": None}, "/url"),
        ({"url": 7}, "/url"),
        ({"url": "http://127.0.0.1/" + "a" * 5000}, "/url"),
        ({"url": "http://127.0.0.1/", "name": ""}, "/name"),
        ({"url": "http://127.0.0.1/", "headers": {}}, "/headers"),
    ],
)
def test_what_is_no_wish_is_refused(owner, body, pointer):
    problem = assert_problem(owner.post("/media/import", json=body), 422, "invalid")

    assert [fault["pointer"] for fault in problem["errors"]] == [pointer]


def test_it_takes_a_key_that_may_write_media(owner, client):
    answers = [
        make_key(owner, scopes=[scope]).post("/media/import", json={"url": "http://127.0.0.1/"}).status_code
        for scope in ("media:write", "media:read")
    ]

    assert answers == [202, 403]
    assert client.post("/api/v1/media/import", json={}).status_code == 401


def test_http_and_loopback_are_off_unless_an_operator_says_otherwise(make_app):
    owner = Person(make_app(), "careful@example.com")

    codes = [
        owner.post("/media/import", json={"url": url}).json["errors"][0]["code"]
        for url in ("http://example.com/a.mp4", "https://127.0.0.1/a.mp4", "https://example.com:8443/a.mp4")
    ]

    assert codes == ["url_scheme_unsupported", "url_address_forbidden", "url_port_forbidden"]
