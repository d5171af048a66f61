"""What the model plays with: posts and acts of people, faults and paces of TikTok, moments of a worker's work."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from tests.posts.model.world import BETWEEN, CREATORS

Draft = dict[str, Any]
Fault = dict[str, Any]
Choice = tuple[str, int]
"""A state, and a place among the posts that are in it."""

KINDS: dict[str, dict[str, Any]] = {
    "video": {"type": "video", "mode": "direct", "privacy_level": "SELF_ONLY", "caption": "A video"},
    "public video": {"type": "video", "mode": "direct", "privacy_level": "PUBLIC_TO_EVERYONE", "caption": "Public"},
    "video to the inbox": {"type": "video", "mode": "inbox"},
    "photos": {"type": "photo", "mode": "direct", "privacy_level": "SELF_ONLY", "title": "Photos"},
    "photos to the inbox": {"type": "photo", "mode": "inbox", "title": "Photos"},
}
FAULTS: tuple[Fault, ...] = (
    {"effect": "status", "status": 401, "code": "access_token_invalid"},
    {"effect": "status", "status": 429},
    {"effect": "status", "status": 500},
    {"effect": "status", "status": 502, "envelope": False},
    {"effect": "status", "status": 400, "code": "invalid_params"},
    {"effect": "status", "status": 400, "code": "invalid_publish_id"},
    {"effect": "status", "status": 500, "when": "after"},
    {"effect": "drop_before"},
    {"effect": "drop_after"},
    {"effect": "garbage"},
    {"effect": "cut"},
    {"effect": "delay", "delay_seconds": 0.05},
)
POLL_FAULTS = (FAULTS[0], FAULTS[2], *FAULTS[4:6], {"effect": "garbage"})
"""What may go wrong when TikTok is asked what became of a post; two of these are refusals."""
CALLS = ("creator_info", "video_init", "inbox_init", "photo_init", "upload", "status", "refresh", "any")
FAIL_REASONS = (None, None, "internal", "spam_risk_text", "spam_risk_too_many_posts", "frame_rate_check_failed")
REPORTS = ("complete", "failed", "inbox_delivered", "publicly_available", "no_longer_publicaly_available")
PACES = (0.0, 40.0, 300.0, 90_000.0)
"""Seconds that TikTok processes a post for."""
PULLS = (0.0, 0.0, 30.0, 3000.0, 4000.0)
"""Seconds after which TikTok fetches photos; it gives up after an hour."""
ABSENCES = (20, 61, 300, 3500, 3700, 7200, 90_000)
"""Seconds for which no worker runs."""
SOON = timedelta(minutes=5)
NOW = {"sent": "now"}
LATEST: Choice = ("any", 0)
ACTS = (
    "cancel",
    "cancel",
    "cancel",
    "retry",
    "resolve",
    "change",
    "publish",
    "schedule",
    "delete",
    "duplicate",
    "reset",
)
ON_ITS_WAY = ("scheduled", "due", "preparing", "uploading", "uploading", "processing", "processing", "held")


def posts_in(*states: str) -> st.SearchStrategy[Choice]:
    """A post that is in one of these states, one of the latest; any post where there is none."""
    return st.tuples(st.sampled_from(states), st.integers(0, 2))


drafts = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(sorted(KINDS)),
        "creators": st.sampled_from([CREATORS, CREATORS[:1], CREATORS[1:]]),
        "if_late": st.sampled_from([None, "skip", "publish"]),
        "sent": st.sampled_from(["now", "now", "now", "soon", "not yet"]),
    }
)
any_posts = posts_in(*ON_ITS_WAY, "failed", "unconfirmed", "published", "inbox_delivered", "cancelled")
moments = st.tuples(st.integers(1, 5), st.sampled_from(["before", "after"])) | st.tuples(
    st.integers(2, 12), st.just(BETWEEN)
)
rhythms = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([5, 10, 61])), min_size=3, max_size=3)
paces, pulls = st.sampled_from(PACES), st.sampled_from(PULLS)
