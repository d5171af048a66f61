"""Whatever comes back, a caller sees a value or an error of our tree"""

import re
from contextlib import suppress

import httpx2
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tiktok.doubles import UPLOAD_URL
from tiktok_api.tiktok import PhotoPostInfo, TikTokClient, TikTokError, Unpaced, VideoPostInfo

TOKEN = "act.garbage"
VIDEO = VideoPostInfo(privacy_level="SELF_ONLY")
PHOTO = PhotoPostInfo(privacy_level="SELF_ONLY")

ACTS = {
    "exchange_code": lambda c: c.exchange_code(code="c", redirect_uri="https://us.example/"),
    "refresh_token": lambda c: c.refresh_token("rft.x"),
    "revoke_token": lambda c: c.revoke_token(TOKEN),
    "user_info": lambda c: c.fetch_user_info(TOKEN, scopes=["user.info.basic", "user.info.stats"]),
    "list_videos": lambda c: c.list_videos(TOKEN, cursor=5),
    "query_videos": lambda c: c.query_videos(TOKEN, ["1"]),
    "creator_info": lambda c: c.fetch_creator_info(TOKEN),
    "init_video": lambda c: c.init_video(TOKEN, post_info=VIDEO, video_size=5),
    "init_photos": lambda c: c.init_photos(TOKEN, post_info=PHOTO, photo_urls=["https://us.example/a"]),
    "fetch_status": lambda c: c.fetch_status(TOKEN, "v_pub"),
    "cancel_publish": lambda c: c.cancel_publish(TOKEN, "v_pub"),
    "put_chunk": lambda c: c.put_chunk(UPLOAD_URL, body=b"a", first=0, last=0, total=1, content_type="video/mp4"),
}

SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=20)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
NAMES = re.findall(
    r"\w+",
    "id videos user status cursor has_more publish_id upload_url create_time title duration like_count open_id "
    "privacy_level_options max_video_post_duration_sec publicaly_available_post_id uploaded_bytes fail_reason",
)
VIDEOS = st.lists(st.dictionaries(st.sampled_from(NAMES), ANYTHING, max_size=6) | ANYTHING, max_size=3)
DATA = st.dictionaries(st.sampled_from(NAMES), ANYTHING | VIDEOS, max_size=8)
ERROR = st.fixed_dictionaries(
    {}, optional={"code": st.just("ok") | ANYTHING, "message": ANYTHING, "log_id": ANYTHING, "logid": ANYTHING}
)
ENVELOPES = st.fixed_dictionaries({"error": st.just({"code": "ok"}) | ERROR | ANYTHING, "data": DATA | ANYTHING})
GRANT_NAMES = [
    "access_token",
    "refresh_token",
    "expires_in",
    "refresh_expires_in",
    "open_id",
    "scope",
    "error",
    "log_id",
]
GRANTS = st.dictionaries(st.sampled_from(GRANT_NAMES), ANYTHING | st.just("act.x"), max_size=9)
BODIES = st.binary(max_size=60) | (ANYTHING | ENVELOPES | GRANTS).map(orjson.dumps)
STATUSES = st.sampled_from([200, 201, 204, 206, 301, 302, 400, 401, 403, 404, 416, 429, 500, 503])
HEADERS = st.dictionaries(
    st.sampled_from(["content-range", "retry-after", "content-type", "content-encoding"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
    | st.sampled_from(["bytes 0-1/1", "7", "gzip"]),
)


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
@settings(max_examples=150, deadline=None)
@given(body=BODIES, status=STATUSES, headers=HEADERS)
def test_garbage_is_a_value_or_an_error_of_ours(act, body, status, headers):
    def garbage(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, headers=headers, stream=httpx2.ByteStream(body))

    client = TikTokClient(client_key="k", client_secret="s", transport=httpx2.MockTransport(garbage), pacer=Unpaced())

    with suppress(TikTokError):
        act(client)
