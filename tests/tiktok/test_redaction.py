"""No secret in logs, errors or reprs, however it comes back"""

import logging
import re

import httpx2
import pytest
from structlog.testing import capture_logs

from tests.tiktok.doubles import connected_to, enveloped, read_request
from tiktok_api.tiktok import PhotoPostInfo, PublishTicket, TikTokError, TokenGrant, VideoPostInfo

ACCESS = "act.planted!4608.va"
REFRESH = "rft.planted*2!4608.va"
CODE = "planted-code*1!4608.va"
VERIFIER = "planted-verifier-" + "v" * 43
SECRET = "planted-client-secret"
UPLOAD_TOKEN = "planted%2Bupload"
UPLOAD_PATH = "/video/planted-path/"
UPLOAD_URL = f"https://open-upload.tiktokapis.com{UPLOAD_PATH}?upload_id=planted-id&upload_token={UPLOAD_TOKEN}"
PULL_URL = "https://us.example/pull/planted-pull-token"
VIDEO = VideoPostInfo(privacy_level="SELF_ONLY")
PHOTO = PhotoPostInfo(privacy_level="SELF_ONLY")

ACTS = {
    "exchange_code": lambda c: c.exchange_code(code=CODE, redirect_uri="https://us.example/", code_verifier=VERIFIER),
    "refresh_token": lambda c: c.refresh_token(REFRESH),
    "revoke_token": lambda c: c.revoke_token(ACCESS),
    "user_info": lambda c: c.fetch_user_info(ACCESS, scopes=["user.info.basic"]),
    "list_videos": lambda c: c.list_videos(ACCESS),
    "creator_info": lambda c: c.fetch_creator_info(ACCESS),
    "init_video": lambda c: c.init_video(ACCESS, post_info=VIDEO, video_size=5),
    "init_photos": lambda c: c.init_photos(ACCESS, post_info=PHOTO, photo_urls=[PULL_URL]),
    "fetch_status": lambda c: c.fetch_status(ACCESS, "v_pub"),
    "put_chunk": lambda c: c.put_chunk(UPLOAD_URL, body=b"a", first=0, last=0, total=1, content_type="video/mp4"),
}


def echo(request: httpx2.Request) -> str:
    """Everything the request held, as a careless server would quote it."""
    words = [*request.url.params.values(), *re.split("[=&]", request.url.query.decode()), *request.headers.values()]
    return " ".join([str(request.url), request.content.decode(), *words])


ANSWERS = {
    "refusal": lambda said: enveloped({"echo": said}, code="invalid_params", status=400, message=said),
    "code": lambda said: enveloped(code=said, status=400),
    "keys": lambda said: enveloped({said: {"deep": [said]}}, code="invalid_params", status=400),
    "oauth refusal": lambda said: httpx2.Response(
        200, json={"error": "invalid_request", "error_description": said, "log_id": said}
    ),
    "html": lambda said: httpx2.Response(500, html=f"<p>{said}"),
    "header": lambda said: httpx2.Response(302, headers={"location": "https://e.example/?" + UPLOAD_TOKEN}),
    "busy": lambda said: enveloped(status=429, code="rate_limit_exceeded", message=said),
    "grant": lambda said: httpx2.Response(
        200,
        json={"access_token": ACCESS, "refresh_token": REFRESH, "open_id": "o", "expires_in": 1, "scope": "a"},
    ),
    "ticket": lambda said: enveloped({"publish_id": "v_pub", "upload_url": UPLOAD_URL}),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_no_secret_is_ever_logged(make_client, caplog, act, answer):
    caplog.set_level(logging.DEBUG)
    client = make_client(transport=httpx2.MockTransport(lambda request: answer(echo(request))))
    written = [repr(client)]

    with capture_logs() as logs:
        try:
            written += [repr(act(client))]
        except TikTokError as error:
            written += [repr(error), str(error), repr(vars(error))]

    assert {entry["event"] for entry in logs} >= {"tiktok.request", "tiktok.response"}
    everything = " ".join([*written, repr(logs), caplog.text])
    assert "planted" not in everything


@pytest.mark.parametrize(
    "secret", ["act.planted-of-another", "rft.planted*1", "https://e.example/?upload_token=planted&a"]
)
def test_other_tokens_are_redacted_by_their_form(client, tiktok, secret):
    tiktok.answers(enveloped({"hint": secret}, code="invalid_params", status=400, message=f"see {secret}."))

    with capture_logs() as logs, pytest.raises(TikTokError) as caught:
        client.fetch_status(ACCESS, "v_pub")

    assert "planted" not in f"{logs}{caught.value}"


def test_the_log_keeps_what_support_needs(client, tiktok):
    tiktok.answers(enveloped(code="invalid_params", status=400))

    with capture_logs() as logs, pytest.raises(TikTokError):
        client.fetch_status(ACCESS, "v_pub_file~v2-1.76")

    asked, answered = logs[0], logs[1]
    assert (asked["event"], asked["log_level"]) == ("tiktok.request", "debug")
    assert asked["body"] == {"publish_id": "v_pub_file~v2-1.76"}
    assert (answered["event"], answered["log_level"]) == ("tiktok.response", "info")
    assert (answered["operation"], answered["host"]) == ("/v2/post/publish/status/fetch/", "open.tiktokapis.com")
    assert (answered["http_status"], answered["code"]) == (400, "invalid_params")
    assert answered["log_id"] == "20260101000000ABCDEF"


def test_a_failed_connection_is_logged(client, tiktok):
    tiktok.answers(httpx2.ReadTimeout(f"while sending {ACCESS}"))

    with capture_logs() as logs, pytest.raises(TikTokError) as caught:
        client.fetch_status(ACCESS, "v_pub")

    assert [entry["event"] for entry in logs] == ["tiktok.request", "tiktok.unreachable"]
    assert ACCESS not in f"{logs}{caught.value}"


def test_the_http_library_logs_nothing(serve, caplog):
    """httpx2 and httpcore2 would log whole URLs and headers."""

    def play(connection):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /?upload_token=planted\r\nContent-Length: 0\r\n\r\n")

    caplog.set_level(logging.DEBUG)
    server = serve(play)

    url = f"{server.url}/upload/?upload_token=planted"

    with connected_to(server.url) as client, pytest.raises(TikTokError):
        client.put_chunk(url, body=b"a", first=0, last=0, total=1, content_type="video/mp4")

    assert "planted" not in caplog.text
    assert [record for record in caplog.records if record.name.startswith("http")] == []


def test_reprs_of_values_hide_secrets():
    grant = TokenGrant(
        access_token=ACCESS, refresh_token=REFRESH, expires_in=1, refresh_expires_in=1, open_id="o", scopes=()
    )
    ticket = PublishTicket(publish_id="v_pub", upload_url=UPLOAD_URL)

    assert "planted" not in f"{grant} {grant!r} {ticket} {ticket!r}"
