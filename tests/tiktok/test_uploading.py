"""put_chunk(): where bytes go, how, and what the answer means"""

from contextlib import suppress

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiktok.doubles import UPLOAD_URL, enveloped
from tiktok_api.tiktok import (
    ChunkReceipt,
    TikTokBusy,
    TikTokClient,
    TikTokRefusal,
    TikTokUnreachable,
    UploadOutOfStep,
    UploadRejected,
    UploadUnknown,
    UploadUrlExpired,
)


def put(client, url=UPLOAD_URL, *, body=b"abcde", first=5, last=9, total=10):
    return client.put_chunk(url, body=body, first=first, last=last, total=total, content_type="video/mp4")


def answered(status, content_range=None, **more):
    headers = {} if content_range is None else {"Content-Range": content_range}
    return httpx2.Response(status, headers=headers, **more)


@pytest.mark.parametrize("body", [b"abcde", [b"abc", b"de"], iter([b"", b"abcd", b"e"])])
def test_a_chunk_is_sent_with_its_length_and_place(client, tiktok, body):
    tiktok.answers(answered(201))

    put(client, body=body)

    request = tiktok.requests[0]
    assert (request.method, str(request.url), request.content) == ("PUT", UPLOAD_URL, b"abcde")
    assert request.headers["content-type"] == "video/mp4"
    assert request.headers["content-length"] == "5"
    assert request.headers["content-range"] == "bytes 5-9/10"
    assert "transfer-encoding" not in request.headers
    assert "authorization" not in request.headers


@pytest.mark.parametrize(
    ("status", "content_range", "last", "receipt"),
    [
        (206, "bytes 0-5/10", 4, ChunkReceipt(is_complete=False, uploaded_bytes=5)),
        (206, "bytes 0-4/10", 4, ChunkReceipt(is_complete=False, uploaded_bytes=5)),
        (206, "bytes 0-3/10", 4, ChunkReceipt(is_complete=False, uploaded_bytes=3)),
        (206, None, 4, ChunkReceipt(is_complete=False, uploaded_bytes=None)),
        (206, "garbage", 4, ChunkReceipt(is_complete=False, uploaded_bytes=None)),
        (206, f"bytes 0-{'9' * 5000}/10", 4, ChunkReceipt(is_complete=False, uploaded_bytes=None)),
        (206, None, 9, ChunkReceipt(is_complete=False, uploaded_bytes=None)),
        (201, "bytes 0-10/10", 9, ChunkReceipt(is_complete=True, uploaded_bytes=10)),
        (201, "bytes 0-9/10", 9, ChunkReceipt(is_complete=True, uploaded_bytes=10)),
        (201, None, 4, ChunkReceipt(is_complete=True, uploaded_bytes=None)),
        (200, None, 4, ChunkReceipt(is_complete=False, uploaded_bytes=None)),
        (200, None, 9, ChunkReceipt(is_complete=True, uploaded_bytes=None)),
    ],
)
def test_a_receipt_has_tiktoks_progress(client, tiktok, status, content_range, last, receipt):
    tiktok.answers(answered(status, content_range))

    assert put(client, first=last - 4, last=last) == receipt


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (answered(400), UploadRejected),
        (answered(403), UploadUrlExpired),
        (answered(403, html="<p>"), UploadUrlExpired),
        (answered(404), UploadUnknown),
        (answered(416), UploadOutOfStep),
        (answered(429), TikTokBusy),
        (answered(500), TikTokUnreachable),
        (answered(503), TikTokUnreachable),
        (answered(204), TikTokUnreachable),
        (answered(302), TikTokUnreachable),
        (answered(401), TikTokUnreachable),
        (enveloped(code="invalid_params", status=422), TikTokRefusal),
        (httpx2.ReadError("gone"), TikTokUnreachable),
    ],
)
def test_every_refusal_has_its_error(client, tiktok, answer, kind):
    tiktok.answers(answer)

    with pytest.raises(kind) as caught:
        put(client)

    assert type(caught.value) is kind
    assert len(tiktok.requests) == 1


@pytest.mark.parametrize(
    ("content_range", "hint"), [("bytes 0-5/10", 5), ("bytes */10", None), ("bytes 3-5/10", None), (None, None)]
)
def test_out_of_step_brings_a_hint(client, tiktok, content_range, hint):
    tiktok.answers(answered(416, content_range))

    with pytest.raises(UploadOutOfStep) as caught:
        put(client)

    assert caught.value.uploaded_bytes == hint


@pytest.mark.parametrize("body", [b"abcd", b"abcdef", [b"abcd"], [b"abc", b"def"], []])
def test_a_body_of_another_length_is_refused(client, body):
    with pytest.raises(ValueError, match="bytes"):
        put(client, body=body)


@pytest.mark.parametrize(("first", "last", "total"), [(-1, 3, 10), (5, 4, 10), (5, 10, 10)])
def test_a_chunk_lies_inside_the_file(client, first, last, total):
    with pytest.raises(ValueError, match="no chunk"):
        put(client, first=first, last=last, total=total)


@pytest.mark.parametrize(
    "url",
    [
        "http://open-upload.tiktokapis.com/video/?upload_token=t",
        "https://tiktokapis.com/video/",
        "https://eviltiktokapis.com/video/",
        "https://open-upload.tiktokapis.com.evil.example/video/",
        "https://open-upload.tiktokapis.com./video/",
        "https://open-upload.tiktokapis.com@evil.example/",
        "https://evil.example/.tiktokapis.com",
        "https://evil.example#.tiktokapis.com",
        "https://evil.example\\.tiktokapis.com/",
        "https://someone:secret@open-upload.tiktokapis.com/video/",
        "https://127.0.0.1/video/",
        "http://127.0.0.1:5000/video/",
        "http://localhost/video/",
        "https://[::1]/",
        "ftp://open-upload.tiktokapis.com/video/",
        "//open-upload.tiktokapis.com/video/",
        "open-upload.tiktokapis.com/video/",
        "https://open-upload.tiktokapis.com:port/",
        "https://\x00.tiktokapis.com/",
        "https://.tiktokapis.com/",
        "https://open..tiktokapis.com/",
        f"https://{'a' * 64}.tiktokapis.com/",
        f"https://{'a.' * 130}tiktokapis.com/",
        "https://*.tiktokapis.com/",
        "https://",
        "",
    ],
)
def test_bytes_go_to_allowed_hosts_only(client, tiktok, url):
    with pytest.raises(TikTokRefusal) as caught:
        put(client, url)

    assert caught.value.code == "upload_url_not_allowed"
    assert tiktok.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "https://open-upload.tiktokapis.com/video/?a=b",
        "https://OPEN-UPLOAD-VA.TikTokAPIs.com/upload/",
        "https://upload.us.tiktokapis.com:443/video/",
    ],
)
def test_tiktoks_hosts_are_allowed(client, tiktok, url):
    tiktok.answers(answered(201))

    assert put(client, url).is_complete


@pytest.mark.parametrize("host", ["127.0.0.1:5000", "127.1.2.3", "localhost:5000", "[::1]:5000"])
def test_loopback_is_allowed_where_http_is(make_client, tiktok, host):
    tiktok.answers(answered(201))
    client = make_client(allow_http=True)

    assert put(client, f"http://{host}/upload/1").is_complete


@pytest.mark.parametrize("url", ["http://open-upload.tiktokapis.com/", "http://10.0.0.1/", "http://0.0.0.0/"])
def test_allowing_http_opens_nothing_but_loopback(make_client, tiktok, url):
    client = make_client(allow_http=True)

    with pytest.raises(TikTokRefusal):
        put(client, url)
    assert tiktok.requests == []


def test_a_host_may_be_named(make_client, tiktok):
    tiktok.answers(answered(201))
    client = make_client(allow_http=True, upload_hosts=["simulator"])

    assert put(client, "http://simulator:9000/upload/1").is_complete
    with pytest.raises(TikTokRefusal):
        put(client, "http://another-simulator:9000/upload/1")


def test_a_named_host_still_needs_https_unless_allowed(make_client):
    client = make_client(upload_hosts=["simulator"])

    with pytest.raises(TikTokRefusal, match="not https"):
        put(client, "http://simulator:9000/upload/1")


@given(st.text() | st.text().map("https://{}.tiktokapis.com/video".format))
def test_no_text_leads_to_another_host(url):
    def check(request: httpx2.Request) -> httpx2.Response:
        assert request.url.scheme == "https"
        assert request.url.host.endswith(".tiktokapis.com")
        return answered(201)

    client = TikTokClient(client_key="k", client_secret="s", transport=httpx2.MockTransport(check))

    with suppress(TikTokRefusal):
        put(client, url)


def test_errors_of_the_file_are_raised_unchanged(client):
    def broken():
        yield b"ab"
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        put(client, body=broken())
