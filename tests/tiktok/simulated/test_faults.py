"""After every fault of TikTok or the network: the error is the right one, and nothing is sent twice"""

import time
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from tiktok_api.tiktok import (
    AccessTokenInvalid,
    CreatorCannotPost,
    GrantInvalid,
    PhotoPostInfo,
    ScopeMissing,
    TikTokBusy,
    TikTokError,
    TikTokRefusal,
    TikTokUnreachable,
    UploadOutOfStep,
    UploadRejected,
    UploadUnknown,
    UploadUrlExpired,
    VideoPostInfo,
)

VIDEO = VideoPostInfo(privacy_level="SELF_ONLY")
PHOTO = PhotoPostInfo(privacy_level="SELF_ONLY")
SIZE = 300_000
BODY = bytes(SIZE)


@dataclass(frozen=True)
class Fault:
    """A fault rule of the simulator, and the error that the client must raise."""

    rule: dict[str, Any]
    error: type[TikTokError]
    status: int | None = None
    has_effect: bool = False
    is_slow: bool = False


FAULTS = {
    "500 in form": Fault({"effect": "status", "status": 500}, TikTokUnreachable, 500),
    "500 in form after": Fault({"effect": "status", "status": 500, "when": "after"}, TikTokUnreachable, 500, True),
    "502 page": Fault({"effect": "status", "status": 502, "envelope": False}, TikTokUnreachable, 502),
    "503 page after": Fault(
        {"effect": "status", "status": 503, "envelope": False, "when": "after"}, TikTokUnreachable, 503, True
    ),
    "403 page": Fault({"effect": "status", "status": 403, "envelope": False}, TikTokUnreachable, 403),
    "200 page": Fault({"effect": "status", "status": 200, "envelope": False}, TikTokUnreachable, 200),
    "302 page": Fault({"effect": "status", "status": 302, "envelope": False}, TikTokUnreachable, 302),
    "429 in form": Fault({"effect": "status", "status": 429, "code": "rate_limit_exceeded"}, TikTokBusy, 429),
    "429 page": Fault({"effect": "status", "status": 429, "envelope": False}, TikTokBusy, 429),
    "400": Fault({"effect": "status", "status": 400, "code": "invalid_param"}, TikTokRefusal, 400),
    "401 token": Fault({"effect": "status", "status": 401, "code": "access_token_invalid"}, AccessTokenInvalid, 401),
    "401 scope": Fault({"effect": "status", "status": 401, "code": "scope_not_authorized"}, ScopeMissing, 401),
    "403 cap": Fault({"effect": "status", "status": 403, "code": "reached_active_user_cap"}, CreatorCannotPost, 403),
    "grant": Fault({"effect": "status", "status": 200, "code": "invalid_grant"}, GrantInvalid, 200),
    "garbage": Fault({"effect": "garbage"}, TikTokUnreachable, 200, True),
    "garbage before": Fault({"effect": "garbage", "when": "before"}, TikTokUnreachable, 200),
    "drop before": Fault({"effect": "drop_before"}, TikTokUnreachable),
    "drop after": Fault({"effect": "drop_after"}, TikTokUnreachable, None, True),
    "cut": Fault({"effect": "cut"}, TikTokUnreachable, None, True),
    "delay before": Fault({"effect": "delay", "delay_seconds": 600}, TikTokUnreachable, is_slow=True),
    "delay after": Fault(
        {"effect": "delay", "delay_seconds": 600, "when": "after"}, TikTokUnreachable, None, True, is_slow=True
    ),
    "one byte a moment": Fault(
        {"effect": "slow", "seconds_per_byte": 0.2}, TikTokUnreachable, None, True, is_slow=True
    ),
}

ACTS = {
    "token": lambda client, account: client.exchange_code(code="a-code", redirect_uri="https://app.example/callback"),
    "refresh": lambda client, account: client.refresh_token(account.refresh_token),
    "user_info": lambda client, account: client.fetch_user_info(account.access_token, scopes=account.scopes),
    "video_list": lambda client, account: client.list_videos(account.access_token),
    "video_query": lambda client, account: client.query_videos(account.access_token, ["1"]),
    "creator_info": lambda client, account: client.fetch_creator_info(account.access_token),
    "video_init": lambda client, account: client.init_video(account.access_token, post_info=VIDEO, video_size=SIZE),
    "inbox_init": lambda client, account: client.init_inbox_video(account.access_token, video_size=SIZE),
    "photo_init": lambda client, account: client.init_photos(
        account.access_token, post_info=PHOTO, photo_urls=["https://media.example/a.jpg"]
    ),
    "revoke": lambda client, account: client.revoke_token(account.access_token),
    "status": lambda client, account: client.fetch_status(account.access_token, account.publish_id),
}
SLOW_ACTS = ("refresh", "video_list", "video_init", "status")


def error_of(act, fault):
    """Returns the error of a call to which a fault happens."""
    with pytest.raises(fault.error) as caught:
        act()
    assert type(caught.value) is fault.error
    assert caught.value.http_status == fault.status
    if isinstance(caught.value, TikTokUnreachable):
        assert caught.value.was_sent
    return caught.value


def eventually(condition):
    """Returns True once a condition holds; the simulator may still work after the client has given up."""
    for _ in range(1000):
        if condition():
            return True
        time.sleep(0.01)  # between two checks of the condition
    return False


@pytest.fixture
def account(client, connect, simulator):
    """A connected account with a draft that TikTok still pulls."""
    simulator.control.knobs(pull_delay_seconds=600)
    grant = connect(client)
    ticket = client.init_photos(
        grant.access_token, post_info=PHOTO, photo_urls=["http://127.0.0.1:9/a.jpg"], post_mode="MEDIA_UPLOAD"
    )
    simulator.control.clear_requests()
    return SimpleNamespace(
        access_token=grant.access_token,
        refresh_token=grant.refresh_token,
        scopes=grant.scopes,
        publish_id=ticket.publish_id,
    )


@pytest.mark.parametrize(
    ("endpoint", "fault"),
    [
        pytest.param(endpoint, fault, id=f"{endpoint}-{name}")
        for name, fault in FAULTS.items()
        for endpoint in ACTS
        if not fault.is_slow or endpoint in SLOW_ACTS
    ],
)
def test_every_fault_at_every_endpoint_raises_the_right_error(client, hasty, account, simulator, endpoint, fault):
    simulator.control.mischief(endpoint, **fault.rule)

    error_of(lambda: ACTS[endpoint](hasty if fault.is_slow else client, account), fault)

    assert len(simulator.control.requests(endpoint=endpoint)) == 1
    assert simulator.control.mischiefs()[0]["fired"] == 1


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_an_init_is_sent_once_whatever_the_response(client, hasty, account, simulator, fault):
    simulator.control.mischief("video_init", **fault.rule)

    error_of(lambda: ACTS["video_init"](hasty if fault.is_slow else client, account), fault)

    begun = 1 + int(fault.has_effect)
    assert eventually(lambda: len(simulator.control.publications(username="ada")) == begun)
    assert len(simulator.control.requests(endpoint="video_init")) == 1


def test_after_any_fault_the_next_call_succeeds(client, account, simulator):
    for fault in FAULTS.values():
        if not fault.is_slow:
            simulator.control.mischief("user_info", **fault.rule)
            error_of(lambda: ACTS["user_info"](client, account), fault)
            assert ACTS["user_info"](client, account).username == "ada"


@pytest.mark.parametrize("effect", ["drop_after", "garbage", "cut"])
def test_a_lost_refresh_fails_the_next_one(client, connect, simulator, effect):
    grant = connect(client)
    simulator.control.mischief("refresh", effect)

    with pytest.raises(TikTokUnreachable) as lost:
        client.refresh_token(grant.refresh_token)

    assert lost.value.was_sent
    with pytest.raises(GrantInvalid):
        client.refresh_token(grant.refresh_token)


def test_a_refused_connection_was_certainly_not_sent(make_client, account, simulator):
    unreachable = make_client(api_url="http://127.0.0.1:9")

    for act in ACTS.values():
        with pytest.raises(TikTokUnreachable) as caught:
            act(unreachable, account)
        assert not caught.value.was_sent
    assert simulator.control.requests() == []


@pytest.fixture
def upload(client, connect, simulator):
    """An open upload: send it, and see what TikTok has stored."""
    simulator.control.knobs(inspect_media=False)
    access_token = connect(client).access_token
    ticket = client.init_video(access_token, post_info=VIDEO, video_size=SIZE)

    class Upload:
        def put(self, client=client):
            pieces = (BODY[start : start + 10_000] for start in range(0, SIZE, 10_000))
            return client.put_chunk(
                ticket.upload_url, body=pieces, first=0, last=SIZE - 1, total=SIZE, content_type="video/mp4"
            )

        def stored(self):
            return simulator.control.publication(ticket.publish_id)["received_bytes"]

        def count(self):
            return len(simulator.control.requests(endpoint="upload"))

    return Upload()


UPLOAD_FAULTS = {
    "400": Fault({"effect": "status", "status": 400}, UploadRejected, 400),
    "403": Fault({"effect": "status", "status": 403, "envelope": False}, UploadUrlExpired, 403),
    "404": Fault({"effect": "status", "status": 404}, UploadUnknown, 404),
    "416": Fault({"effect": "status", "status": 416}, UploadOutOfStep, 416),
    "429": Fault({"effect": "status", "status": 429}, TikTokBusy, 429),
    "500": Fault({"effect": "status", "status": 500}, TikTokUnreachable, 500),
    "500 after": Fault({"effect": "status", "status": 500, "when": "after"}, TikTokUnreachable, 500, True),
    "503 page": Fault({"effect": "status", "status": 503, "envelope": False}, TikTokUnreachable, 503),
    "drop before": Fault({"effect": "drop_before"}, TikTokUnreachable),
    "drop after": Fault({"effect": "drop_after"}, TikTokUnreachable, None, True),
    "delay before": Fault({"effect": "delay", "delay_seconds": 600}, TikTokUnreachable, is_slow=True),
    "delay after": Fault(
        {"effect": "delay", "delay_seconds": 600, "when": "after"}, TikTokUnreachable, None, True, is_slow=True
    ),
    "drop at the first byte": Fault({"effect": "drop", "at_byte": 0}, TikTokUnreachable),
    "drop in the middle": Fault({"effect": "drop", "at_byte": 150_001}, TikTokUnreachable),
    "drop at the last byte": Fault({"effect": "drop", "at_byte": SIZE - 1}, TikTokUnreachable),
    "500 in the middle": Fault({"effect": "status", "status": 500, "at_byte": 150_001}, TikTokUnreachable, 500),
    "403 in the middle": Fault({"effect": "status", "status": 403, "at_byte": 150_001}, UploadUrlExpired, 403),
    "stall in the middle": Fault(
        {"effect": "delay", "delay_seconds": 600, "at_byte": 150_001}, TikTokUnreachable, is_slow=True
    ),
}


@pytest.mark.parametrize("fault", UPLOAD_FAULTS.values(), ids=UPLOAD_FAULTS.keys())
def test_every_fault_of_an_upload_raises_the_right_error(client, hasty, simulator, upload, fault):
    simulator.control.mischief("upload", **fault.rule)

    error_of(lambda: upload.put(hasty if fault.is_slow else client), fault)

    assert eventually(lambda: upload.stored() == (SIZE if fault.has_effect else 0))
    assert upload.count() == 1


@pytest.mark.parametrize("effect", ["garbage", "cut", "slow"])
def test_a_receipt_needs_no_body(simulator, upload, effect):
    simulator.control.mischief("upload", effect)

    assert upload.put().is_complete


@pytest.mark.parametrize("at_byte", [0, 1, 65_536, 150_001, SIZE - 1])
def test_a_broken_upload_can_be_repeated(simulator, upload, at_byte):
    simulator.control.mischief("upload", "drop", at_byte=at_byte)
    with pytest.raises(TikTokUnreachable):
        upload.put()

    receipt = upload.put()

    assert receipt.is_complete
    assert upload.stored() == SIZE


def test_an_upload_that_arrived_is_not_accepted_twice(simulator, upload):
    simulator.control.mischief("upload", "drop_after")
    with pytest.raises(TikTokUnreachable):
        upload.put()

    with pytest.raises(UploadOutOfStep):
        upload.put()

    assert upload.stored() == SIZE
