"""How media reach TikTok: chunk arithmetic, the upload endpoint, pulls, cancelling and media limits.

Source: https://developers.tiktok.com/doc/content-posting-api-media-transfer-guide/ and the upload reference.
"""

import pytest

from tests.simulator import media_files
from tests.simulator.app_client import chunks, code_of, pulled, sha256, whole

MIB = 1 << 20
SIZE_INVALID = "The chunk size is invalid"
COUNT_INVALID = "The total chunk count is invalid"


@pytest.fixture
def options():
    return {"limits": {"video_init": 0, "inbox_init": 0, "photo_init": 0, "status": 0}}


@pytest.mark.parametrize(
    ("size", "chunk", "count"),
    [
        pytest.param(3_145_728, 3_145_728, 1, id="small-whole"),
        pytest.param(50_000_123, 10_000_000, 5, id="official"),
        pytest.param(64_000_000, 64_000_000, 1, id="whole"),
        pytest.param(67_108_864, 67_108_864, 1, id="64-MiB-whole"),
        pytest.param(67_108_865, 10_485_760, 6, id="over-64-MiB"),
        pytest.param(121_000_000, 10_485_760, 11, id="121-MB"),
        pytest.param(158_008_374, 5_242_880, 30, id="observed"),
        pytest.param(4_294_967_296, 10_485_760, 409, id="4-GiB"),
        pytest.param(10_000_000, 5_000_000, 2, id="5-MB"),
        pytest.param(134_217_727, 67_108_864, 1, id="last-to-128-MiB"),
        pytest.param(5_000_000_000 // 1000 * 801, 5_000_000, 801, id="801-chunks"),
        pytest.param(1, 1, 1, id="one-byte"),
    ],
)
def test_chunk_plans_that_obey_the_rules_are_accepted(client, ada, size, chunk, count):
    client.control.knobs(single_chunk_rule=size != 134_217_727)

    assert code_of(ada.init(chunks(size, chunk, count))) == (200, "ok")


@pytest.mark.parametrize(
    ("size", "chunk", "count", "message"),
    [
        pytest.param(64_000_001, 64_000_000, 1, SIZE_INVALID, id="64000001"),
        pytest.param(121_000_000, 67_108_864, 1, SIZE_INVALID, id="121-MB"),
        pytest.param(94_000_000, 64_000_000, 1, SIZE_INVALID, id="94-MB"),
        pytest.param(9_000_000, 5_000_000, 1, SIZE_INVALID, id="9-MB"),
        pytest.param(50_000_123, 10_000_000, 6, COUNT_INVALID, id="ceil"),
        pytest.param(50_000_123, 10_000_000, 4, COUNT_INVALID, id="too-few"),
        pytest.param(50_000_123, 10_000_000, 0, COUNT_INVALID, id="zero"),
        pytest.param(10_000_000, 4_999_999, 2, SIZE_INVALID, id="below-5-MB"),
        pytest.param(200_000_000, 67_108_865, 2, SIZE_INVALID, id="above-64-MiB"),
        pytest.param(67_108_865, 67_108_865, 1, SIZE_INVALID, id="large-whole"),
        pytest.param(4_000_000, 2_000_000, 2, SIZE_INVALID, id="small-split"),
        pytest.param(4_000_000, 5_000_000, 0, SIZE_INVALID, id="small-in-large-chunk"),
        pytest.param(50_000_123, 0, 0, SIZE_INVALID, id="zero-chunk"),
        pytest.param(50_000_123, -1, -50_000_123, SIZE_INVALID, id="negative"),
    ],
)
def test_chunk_plans_that_break_a_rule_are_refused(ada, size, chunk, count, message):
    for answer in (ada.init(chunks(size, chunk, count)), ada.init_inbox(chunks(size, chunk, count))):
        assert code_of(answer) == (400, "invalid_params")
        assert answer.json()["error"]["message"] == message


def test_the_single_chunk_rule_and_binary_megabytes_are_options(client, ada):
    client.control.knobs(single_chunk_rule=False)
    before_august = ada.init(chunks(121_000_000, 67_108_864, 1))
    client.control.knobs(strict_chunks=True)
    decimal, binary = ada.init(chunks(20_000_000, 5_000_000, 4)), ada.init(chunks(20_000_000, 5_242_880, 3))

    assert code_of(before_august) == code_of(binary) == (200, "ok")
    assert code_of(decimal) == (400, "invalid_params")


@pytest.fixture
def media():
    """A video in three chunks: 5,000,000, 5,000,000 and 5,000,123 bytes."""
    return media_files.padded(media_files.video(), 15_000_123)


@pytest.fixture
def upload(ada, media):
    """Returns publish_id and upload_url."""
    return ada.init(chunks(len(media), 5_000_000, 3)).json()["data"]


def test_chunks_in_sequence_are_answered_206_206_201(client, ada, media, upload):
    spans = [(0, 5_000_000), (5_000_000, 10_000_000), (10_000_000, len(media))]

    answers = [ada.put(upload["upload_url"], media[a:b], a, len(media)) for a, b in spans]

    assert [answer.status_code for answer in answers] == [206, 206, 201]
    assert [answer.headers["Content-Range"] for answer in answers] == [f"bytes 0-{b}/{len(media)}" for _, b in spans]
    assert [answer.content for answer in answers] == [b"", b"", b""]
    seen = client.control.publication(upload["publish_id"])
    assert (seen["received_bytes"], seen["sha256"]) == (len(media), sha256(media))
    assert [(chunk["first"], chunk["last"]) for chunk in seen["chunks"]] == [(a, b - 1) for a, b in spans]
    assert client.control.media(upload["publish_id"]) == media
    client.control.advance(60)
    assert ada.status(upload["publish_id"])["status"] == "PUBLISH_COMPLETE"


def test_content_range_of_the_answer_may_be_the_last_index(client, ada, media, upload):
    client.control.knobs(content_range="last")

    answer = ada.put(upload["upload_url"], media[:5_000_000], 0, len(media))

    assert answer.headers["Content-Range"] == f"bytes 0-4999999/{len(media)}"


def test_uploaded_bytes_is_a_count(ada, media, upload):
    before = ada.status(upload["publish_id"])
    ada.put(upload["upload_url"], media[:5_000_000], 0, len(media))

    assert before == {"status": "PROCESSING_UPLOAD"}
    assert ada.status(upload["publish_id"]) == {"status": "PROCESSING_UPLOAD", "uploaded_bytes": 5_000_000}


@pytest.mark.parametrize(
    ("headers", "length", "status"),
    [
        pytest.param({"Content_Type": None}, 5_000_000, 400, id="no-type"),
        pytest.param({"Content_Type": "application/octet-stream"}, 5_000_000, 400, id="other-type"),
        pytest.param({"Content_Type": "video/quicktime"}, 5_000_000, 206, id="quicktime"),
        pytest.param({"Content_Type": "video/webm"}, 5_000_000, 206, id="webm"),
        pytest.param({"Content_Range": None}, 5_000_000, 400, id="no-range"),
        pytest.param({"Content_Range": "0-4999999/15000123"}, 5_000_000, 400, id="range-without-unit"),
        pytest.param({"Content_Range": "bytes 0-5000000/15000123"}, 5_000_000, 400, id="range-longer-than-body"),
        pytest.param({"Content_Range": "bytes 0-4999999/15000124"}, 5_000_000, 400, id="other-total"),
        pytest.param({}, 4_999_999, 400, id="chunk-shorter-than-announced"),
        pytest.param({}, 5_000_001, 400, id="chunk-longer-than-announced"),
        pytest.param({"Content_Range": "bytes 5000000-9999999/15000123"}, 5_000_000, 416, id="ahead"),
        pytest.param({"Content_Range": "bytes 1-5000000/15000123"}, 5_000_000, 416, id="gap"),
    ],
)
def test_a_chunk_needs_its_headers(client, ada, media, upload, headers, length, status):
    answer = ada.put(upload["upload_url"], media[:length], 0, len(media), **headers)

    assert answer.status_code == status
    stored = 5_000_000 if status == 206 else 0
    assert client.control.publication(upload["publish_id"])["received_bytes"] == stored


def test_a_chunk_without_length_is_refused(client, ada, media, upload):
    headers = {"Content-Type": "video/mp4", "Content-Range": f"bytes 0-4999999/{len(media)}"}

    answer = client.session.put(upload["upload_url"], data=iter([media[:5_000_000]]), headers=headers)

    assert answer.status_code == 400


@pytest.mark.parametrize("status", [416, 200, 201, 206])
def test_a_chunk_sent_again_is_out_of_range_unless_an_option_says_otherwise(client, ada, media, upload, status):
    client.control.knobs(reput_status=status)
    ada.put(upload["upload_url"], media[:5_000_000], 0, len(media))

    again = ada.put(upload["upload_url"], media[:5_000_000], 0, len(media))

    assert again.status_code == status
    assert again.headers["Content-Range"] == f"bytes 0-5000000/{len(media)}"
    assert client.control.publication(upload["publish_id"])["received_bytes"] == 5_000_000


def test_an_unknown_task_is_404(ada, upload):
    for url in (upload["upload_url"] + "x", upload["upload_url"].replace("upload_id=7", "upload_id=8")):
        assert ada.put(url, b"x").status_code == 404


def test_the_url_expires_after_an_hour(client, ada, media, upload):
    client.control.advance(3_590)
    in_time = ada.put(upload["upload_url"], media[:5_000_000], 0, len(media))
    client.control.advance(20)
    late = ada.put(upload["upload_url"], media[5_000_000:10_000_000], 5_000_000, len(media))

    assert (in_time.status_code, late.status_code) == (206, 403)


def test_an_unfinished_upload_fails_after_a_day(client, ada, upload):
    client.control.advance(86_300)
    waiting = ada.status(upload["publish_id"])
    client.control.advance(200)

    later = client.connect("ada").status(upload["publish_id"])
    assert waiting == {"status": "PROCESSING_UPLOAD"}
    assert later == {"status": "FAILED", "fail_reason": "internal"}


def test_no_authorization_is_needed(client, upload, session):
    answer = session.put(
        upload["upload_url"],
        data=b"x" * 5_000_000,
        headers={"Content-Type": "video/mp4", "Content-Range": "bytes 0-4999999/15000123"},
    )

    assert answer.status_code == 206


def test_a_pull_fetches_the_url(client, ada, host):
    media = media_files.video()
    url = host.host("/v.mp4", media)

    publish_id = ada.init(pulled(url + "?sig=1")).json()["data"]["publish_id"]
    client.control.settle()
    during = ada.status(publish_id)
    client.control.advance(60)

    assert host.fetched == ["/v.mp4?sig=1"]
    assert during == {"status": "PROCESSING_DOWNLOAD", "downloaded_bytes": len(media)}
    assert ada.status(publish_id)["status"] == "PUBLISH_COMPLETE"
    assert client.control.publication(publish_id)["sha256"] == sha256(media)


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        pytest.param(302, {"Location": "/v.mp4"}, id="redirect"),
        pytest.param(301, {"Location": "/v.mp4"}, id="moved"),
        pytest.param(404, {}, id="missing"),
        pytest.param(403, {}, id="forbidden"),
        pytest.param(500, {}, id="broken"),
        pytest.param(206, {}, id="partial"),
        pytest.param(200, {"Content_Length": "99999"}, id="cut-short"),
    ],
)
def test_a_pull_that_is_redirected_refused_or_cut_short_fails(client, ada, host, status, headers):
    host.host("/v.mp4", media_files.video())
    url = host.host("/other.mp4", media_files.video(), status, **headers)

    video = ada.init(pulled(url)).json()["data"]["publish_id"]
    photos = ada.init_photos(url).json()["data"]["publish_id"]
    client.control.settle()

    assert ada.status(video) == {"status": "FAILED", "fail_reason": "video_pull_failed"}
    assert ada.status(photos) == {"status": "FAILED", "fail_reason": "photo_pull_failed"}
    assert "/v.mp4" not in host.fetched


def test_a_pull_from_an_unreachable_host_fails(client, ada):
    publish_id = ada.init(pulled("http://127.0.0.1:9/v.mp4")).json()["data"]["publish_id"]
    client.control.settle()

    assert ada.status(publish_id)["fail_reason"] == "video_pull_failed"


def test_a_pull_must_be_finished_within_an_hour(client, ada, host):
    client.control.knobs(pull_delay_seconds=3_600.5)
    publish_id = ada.init(pulled(host.host("/v.mp4", media_files.video()))).json()["data"]["publish_id"]
    client.control.advance(3_599)
    waiting = ada.status(publish_id)["status"]
    client.control.advance(2)

    assert waiting == "PROCESSING_DOWNLOAD"
    assert ada.status(publish_id) == {"status": "FAILED", "fail_reason": "video_pull_failed"}


def test_only_a_pull_can_be_cancelled(client, ada, host):
    client.control.knobs(pull_delay_seconds=60)
    pull = ada.init(pulled(host.host("/v.mp4", media_files.video()))).json()["data"]["publish_id"]
    upload = ada.init(whole(9)).json()["data"]["publish_id"]

    cancelled, file, twice = ada.cancel(pull), ada.cancel(upload), ada.cancel(pull)

    assert cancelled.json().keys() == {"error"}
    assert code_of(cancelled) == (200, "ok")
    assert ada.status(pull) == {"status": "FAILED", "fail_reason": "publish_cancelled"}
    assert code_of(file) == code_of(twice) == (400, "publish_not_cancellable")
    client.control.advance(60)
    assert client.control.settle()
    assert client.control.live("ada") == []


def test_cancel_refuses_unknown_and_foreign_publications(client, ada, web_client, host):
    client.control.knobs(pull_delay_seconds=60)
    pull = ada.init(pulled("https://media.example/v.mp4")).json()["data"]["publish_id"]

    assert code_of(ada.cancel("v_pub_url~v2-1.1")) == (400, "invalid_publish_id")
    for stranger in (client.connect("grace"), web_client.connect("ada")):
        assert code_of(stranger.cancel(pull)) == (400, "token_not_authorized_for_specified_publish_id")
    client.control.change_app(client.client_key, verified_domains=[])
    assert code_of(ada.cancel(pull)) == (403, "url_ownership_unverified")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        pytest.param(dict, None, id="h264-mp4"),
        pytest.param(lambda: {"codec": "libx265", "seconds": 0.2}, None, id="h265"),
        pytest.param(lambda: {"codec": "libvpx", "container": "webm", "seconds": 0.2}, None, id="vp8-webm"),
        pytest.param(lambda: {"codec": "libvpx-vp9", "container": "webm", "seconds": 0.2}, None, id="vp9-webm"),
        pytest.param(lambda: {"container": "mov"}, None, id="mov"),
        pytest.param(lambda: {"container": "avi"}, "file_format_check_failed", id="avi"),
        pytest.param(lambda: {"container": "matroska"}, "file_format_check_failed", id="mkv"),
        pytest.param(lambda: {"codec": "mpeg4", "seconds": 0.2}, "file_format_check_failed", id="mpeg4"),
        pytest.param(lambda: {"fps": 23}, None, id="23-fps"),
        pytest.param(lambda: {"fps": 60}, None, id="60-fps"),
        pytest.param(lambda: {"fps": 22}, "frame_rate_check_failed", id="22-fps"),
        pytest.param(lambda: {"fps": 61}, "frame_rate_check_failed", id="61-fps"),
        pytest.param(lambda: {"width": 358}, "picture_size_check_failed", id="358-wide"),
        pytest.param(lambda: {"height": 4098, "seconds": 0.1}, "picture_size_check_failed", id="4098-high"),
        pytest.param(lambda: {"width": 4096, "height": 360, "seconds": 0.1}, None, id="4096-wide"),
    ],
)
def test_a_video_that_breaks_a_limit_fails_with_its_reason(client, ada, make, reason):
    publish_id = ada.publish(media_files.video(**make()))
    client.control.advance(60)

    assert ada.status(publish_id).get("fail_reason") == reason


def test_a_video_longer_than_the_creators_maximum_fails(client, ada):
    client.control.change_creator("ada", max_video_post_duration_sec=2)
    short, long = (ada.publish(media_files.video(seconds=seconds)) for seconds in (2, 3))
    client.control.advance(60)

    assert ada.status(short)["status"] == "PUBLISH_COMPLETE"
    assert ada.status(long) == {"status": "FAILED", "fail_reason": "duration_check_failed"}


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [(599, "frame_rate_check_failed"), (601, "duration_check_failed")],
    ids=["599-s", "601-s"],
)
def test_the_api_accepts_at_most_ten_minutes(client, ada, seconds, reason):
    """One frame a second: the frame rate is the next limit that is broken."""
    client.control.change_creator("ada", max_video_post_duration_sec=3_600)
    publish_id = ada.publish(media_files.video(seconds=seconds, fps=1))
    client.control.advance(60)

    assert ada.status(publish_id)["fail_reason"] == reason


@pytest.mark.parametrize(
    "media",
    [
        pytest.param(b"", id="padding-only"),
        pytest.param(b"\x00\x00\x00\x18ftypmp42" + b"\xff" * 500, id="broken-mp4"),
        pytest.param(b"\x1a\x45\xdf\xa3" + b"\xff" * 500, id="broken-webm"),
        pytest.param(b"#EXTM3U\n#EXTINF:1\nfile:///etc/passwd\n", id="playlist"),
    ],
)
def test_hostile_bytes_fail_only_their_own_publication(client, ada, media):
    hostile = ada.publish(media + bytes(100))
    cut = ada.publish(media_files.video()[:700])
    sound = ada.publish()
    client.control.advance(60)

    assert ada.status(hostile)["fail_reason"] == "file_format_check_failed"
    assert ada.status(cut)["fail_reason"] == "file_format_check_failed"
    assert ada.status(sound)["status"] == "PUBLISH_COMPLETE"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        pytest.param(dict, None, id="jpeg"),
        pytest.param(lambda: {"kind": "WEBP"}, None, id="webp"),
        pytest.param(lambda: {"kind": "PNG"}, "file_format_check_failed", id="png"),
        pytest.param(lambda: {"kind": "GIF"}, "file_format_check_failed", id="gif"),
        pytest.param(lambda: {"width": 1080, "height": 1920}, None, id="portrait"),
        pytest.param(lambda: {"width": 1920, "height": 1080}, None, id="landscape"),
        pytest.param(lambda: {"width": 1200, "height": 1200}, "picture_size_check_failed", id="1200-square"),
        pytest.param(lambda: {"width": 600, "height": 2000}, "picture_size_check_failed", id="2000-high"),
    ],
)
def test_a_photo_that_breaks_a_limit_fails_with_its_reason(client, ada, host, make, reason):
    first, second = host.host("/a", media_files.photo()), host.host("/b", media_files.photo(**make()))

    publish_id = ada.init_photos(first, second).json()["data"]["publish_id"]
    client.control.settle()
    client.control.advance(60)

    assert ada.status(publish_id).get("fail_reason") == reason
    assert client.control.media(publish_id, 1) == media_files.photo(**make())


def test_a_photo_over_20_MB_fails(client, ada, host):
    url = host.host("/a", media_files.photo() + bytes(20_000_000))

    publish_id = ada.init_photos(url).json()["data"]["publish_id"]
    client.control.settle()
    client.control.advance(60)

    assert ada.status(publish_id)["fail_reason"] == "picture_size_check_failed"
