"""Posting videos, drafts and photos through the simulated TikTok"""

import http.server
import io
import threading
from fractions import Fraction

import av
import pytest
from PIL import Image

from tiktok_api.tiktok import (
    AccessTokenInvalid,
    CreatorCannotPost,
    PhotoPostInfo,
    PublishState,
    TikTokBusy,
    TikTokRefusal,
    UploadOutOfStep,
    UploadRejected,
    UploadUnknown,
    UploadUrlExpired,
    VideoPostInfo,
    plan_chunks,
)

PUBLIC = VideoPostInfo(privacy_level="PUBLIC_TO_EVERYONE", title="A small wave 🌊 #sea", disable_comment=False)
PRIVATE = VideoPostInfo(privacy_level="SELF_ONLY")


@pytest.fixture(scope="module")
def film() -> bytes:
    """Four seconds of moving colour that TikTok accepts."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("h264", rate=30, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 360, 640, "yuv420p"
        stream.time_base = Fraction(1, 30)
        for number in range(120):
            picture = Image.new("RGB", (360, 640), (number * 2, 80, 120))
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode())
    return file.getvalue()


@pytest.fixture
def gallery():
    """A web server with two photos."""
    file = io.BytesIO()
    Image.new("RGB", (720, 1280), (200, 40, 40)).save(file, "JPEG")
    photo = file.getvalue()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "image/jpeg")
            self.send_header("Content-Length", str(len(photo)))
            self.end_headers()
            self.wfile.write(photo)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield [f"http://127.0.0.1:{server.server_address[1]}/{name}.jpg" for name in "ab"]
        server.shutdown()
        thread.join()


def upload(client, ticket, data, chunks=None):
    """Sends the chunks of a ticket in order. Returns the last receipt."""
    plan, receipt = ticket.plan, None
    for index in range(plan.total_chunk_count) if chunks is None else chunks:
        first, last = plan.chunk(index)
        receipt = client.put_chunk(
            ticket.upload_url,
            body=data[first : last + 1],
            first=first,
            last=last,
            total=plan.video_size,
            content_type="video/mp4",
        )
    return receipt


def test_a_video_is_published(client, connect, simulator, film):
    access_token = connect(client).access_token
    assert "PUBLIC_TO_EVERYONE" in client.fetch_creator_info(access_token).privacy_level_options

    ticket = client.init_video(access_token, post_info=PUBLIC, video_size=len(film))
    receipt = upload(client, ticket, film)
    simulator.control.advance(10)
    published = client.fetch_status(access_token, ticket.publish_id)
    simulator.control.advance(60)
    cleared = client.fetch_status(access_token, ticket.publish_id)

    assert receipt.is_complete
    assert receipt.uploaded_bytes == len(film)
    assert (published.status, published.post_ids) == (PublishState.PUBLISH_COMPLETE, ())
    assert len(cleared.post_ids[0]) == 19
    assert client.query_videos(access_token, cleared.post_ids)[0].title == PUBLIC.title
    assert simulator.control.media(ticket.publish_id) == film
    assert [request["endpoint"] for request in simulator.control.requests(endpoint="video_init")] == ["video_init"]


@pytest.mark.parametrize("content_range", ["count", "last"])
def test_a_large_upload_is_resumed_chunk_by_chunk(client, connect, simulator, content_range):
    simulator.control.knobs(inspect_media=False, content_range=content_range)
    access_token = connect(client).access_token
    data = bytes(range(256)) * 262_145
    ticket = client.init_video(access_token, post_info=PRIVATE, video_size=len(data))
    assert ticket.plan == plan_chunks(len(data))
    assert ticket.plan.total_chunk_count == 6

    upload(client, ticket, data, chunks=[0, 1])
    status = client.fetch_status(access_token, ticket.publish_id)
    with pytest.raises(UploadOutOfStep) as again:
        upload(client, ticket, data, chunks=[1])
    with pytest.raises(UploadOutOfStep) as ahead:
        upload(client, ticket, data, chunks=[3])
    following = ticket.plan.next_chunk(status.uploaded_bytes)
    receipt = upload(client, ticket, data, chunks=range(following, 6))

    assert status.uploaded_bytes == 2 * ticket.plan.chunk_size
    assert following == ticket.plan.next_chunk(again.value.uploaded_bytes) == 2
    assert ticket.plan.next_chunk(ahead.value.uploaded_bytes) == 2
    assert receipt.is_complete
    assert simulator.control.media(ticket.publish_id) == data


def test_a_file_may_be_streamed(client, connect, simulator, film):
    access_token = connect(client).access_token
    ticket = client.init_inbox_video(access_token, video_size=len(film))

    client.put_chunk(
        ticket.upload_url,
        body=(film[start : start + 1000] for start in range(0, len(film), 1000)),
        first=0,
        last=len(film) - 1,
        total=len(film),
        content_type="video/mp4",
    )
    simulator.control.advance(10)

    assert client.fetch_status(access_token, ticket.publish_id).status == PublishState.SEND_TO_USER_INBOX
    assert simulator.control.media(ticket.publish_id) == film


def test_a_draft_becomes_two_posts(client, connect, simulator, film):
    access_token = connect(client).access_token
    ticket = client.init_inbox_video(access_token, video_size=len(film))
    upload(client, ticket, film)
    simulator.control.advance(10)
    simulator.control.complete_draft("ada", ticket.publish_id, posts=2, privacy_level="PUBLIC_TO_EVERYONE")
    simulator.control.advance(60)

    status = client.fetch_status(access_token, ticket.publish_id)

    assert status.status == PublishState.PUBLISH_COMPLETE
    assert len(status.post_ids) == 2


@pytest.mark.parametrize(
    ("post_mode", "state"),
    [("DIRECT_POST", PublishState.PUBLISH_COMPLETE), ("MEDIA_UPLOAD", PublishState.SEND_TO_USER_INBOX)],
)
def test_photos_are_published(client, connect, simulator, gallery, post_mode, state):
    access_token = connect(client).access_token
    post_info = PhotoPostInfo(privacy_level="SELF_ONLY", title="Two", description="reds")

    ticket = client.init_photos(
        access_token, post_info=post_info, photo_urls=gallery, cover_index=1, post_mode=post_mode
    )
    assert simulator.control.settle()
    simulator.control.advance(10)

    assert client.fetch_status(access_token, ticket.publish_id).status == state


def test_a_pull_that_fails_says_why(client, connect, simulator):
    access_token = connect(client).access_token

    post_info = PhotoPostInfo(privacy_level="SELF_ONLY")
    ticket = client.init_photos(access_token, post_info=post_info, photo_urls=["http://127.0.0.1:9/a.jpg"])
    assert simulator.control.settle()
    simulator.control.advance(10)
    status = client.fetch_status(access_token, ticket.publish_id)

    assert (status.status, status.fail_reason) == (PublishState.FAILED, "photo_pull_failed")


def test_a_file_that_is_no_video_fails_with_a_reason(client, connect, simulator):
    access_token = connect(client).access_token
    ticket = client.init_video(access_token, post_info=PRIVATE, video_size=1000)

    upload(client, ticket, bytes(1000))
    simulator.control.advance(10)
    status = client.fetch_status(access_token, ticket.publish_id)

    assert (status.status, status.fail_reason) == (PublishState.FAILED, "file_format_check_failed")


def test_upload_urls_die(client, connect, simulator):
    access_token = connect(client).access_token
    ticket = client.init_video(access_token, post_info=PRIVATE, video_size=1000)
    where = {"body": bytes(1000), "first": 0, "last": 999, "total": 1000}

    with pytest.raises(UploadRejected):
        client.put_chunk(ticket.upload_url, **where, content_type="text/plain")
    with pytest.raises(UploadUnknown):
        client.put_chunk(ticket.upload_url + "x", **where, content_type="video/mp4")
    simulator.control.advance(3601)
    with pytest.raises(UploadUrlExpired):
        client.put_chunk(ticket.upload_url, **where, content_type="video/mp4")


@pytest.mark.parametrize(
    ("turn", "code", "is_cap"),
    [
        (lambda control: control.change_creator("ada", banned=True), "spam_risk_user_banned_from_posting", False),
        (lambda control: control.knobs(post_cap=0), "spam_risk_too_many_posts", True),
    ],
)
def test_a_creator_who_cannot_post_is_refused_with_200_or_403(client, connect, simulator, turn, code, is_cap):
    access_token = connect(client).access_token
    turn(simulator.control)

    with pytest.raises(CreatorCannotPost) as asked:
        client.fetch_creator_info(access_token)
    with pytest.raises(CreatorCannotPost) as tried:
        client.init_video(access_token, post_info=PRIVATE, video_size=1000)

    assert (asked.value.code, asked.value.http_status, asked.value.is_cap) == (code, 200, is_cap)
    assert (tried.value.code, tried.value.http_status) == (code, 403)


def test_refusals_carry_their_code(client, connect, simulator):
    access_token = connect(client, "linus").access_token
    unknown = "v_pub_file~v2-1.1"
    photo = PhotoPostInfo(privacy_level="SELF_ONLY")

    with pytest.raises(TikTokRefusal) as mismatch:
        client.init_video(access_token, post_info=PUBLIC, video_size=1000)
    with pytest.raises(TikTokRefusal) as foreign:
        client.init_photos(access_token, post_info=photo, photo_urls=["https://elsewhere.example/a.jpg"])
    with pytest.raises(TikTokRefusal) as unheard:
        client.fetch_status(access_token, unknown)

    assert mismatch.value.code == "privacy_level_option_mismatch"
    assert foreign.value.code == "url_ownership_unverified"
    assert unheard.value.code == "invalid_publish_id"


def test_the_seventh_init_of_a_minute_is_too_many(client, connect):
    access_token = connect(client).access_token
    for _ in range(6):
        client.init_video(access_token, post_info=PRIVATE, video_size=1000)

    with pytest.raises(TikTokBusy) as caught:
        client.init_video(access_token, post_info=PRIVATE, video_size=1000)

    assert (caught.value.http_status, caught.value.retry_after) == (429, 60.0)


def test_a_disconnected_account_fails_an_unfinished_publication(client, connect, simulator):
    access_token = connect(client).access_token
    ticket = client.init_video(access_token, post_info=PRIVATE, video_size=1000)

    simulator.control.disconnect("ada")

    with pytest.raises(AccessTokenInvalid):
        client.fetch_status(access_token, ticket.publish_id)
