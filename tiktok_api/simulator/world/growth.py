"""How counters grow: a stated model, so that a test can compute every number at every time.

Write `u(x)` for a number in [0, 1) that depends on the seed and on the text x alone, `d` for the days since the
world began and `a` for the age of a video in days.

Creator, with F followers and daily growth g at the beginning:

- followers(d) = F (1 + g d + 0.01 (sin(2 pi (d / 7 + u)) - sin(2 pi u))) - purges(d), a purge every P = 9 + 11 u days taking a
  quarter of what P days bring (TikTok removes accounts now and then: followers drop)
- following(d) = following at the beginning + d / 3
- likes(d) = likes at the beginning + likes of all public videos
- videos = number of public videos

Video, with reach R = followers (0.2 + 2.3 u) at publication:

- views(a) = R (1 - e^(-a / T) + 0.05 ln(1 + a)) - 0.02 R n, with T = 0.5 + 2.5 u days and n = how often Q = 10 + 10 u
  days have passed, at most 12 (TikTok takes bot views back: views drop)
- likes = (0.03 + 0.09 u) views, comments = (0.002 + 0.01 u) views, shares = (0.001 + 0.009 u) views

All are rounded down and never negative. A counter set by hand keeps its distance from the model from then on.
"""

import hashlib
import math
from collections.abc import Callable, Mapping

from tiktok_api.simulator.models.creators import Creator
from tiktok_api.simulator.models.videos import SimulatedVideo

DAY = 86_400.0
VIDEO_COUNTERS = ("view_count", "like_count", "comment_count", "share_count")
CREATOR_COUNTERS = ("follower_count", "following_count", "likes_count", "video_count")
_RATES = {"like_count": (0.03, 0.09), "comment_count": (0.002, 0.01), "share_count": (0.001, 0.009)}


def unit(seed: int, text: str) -> float:
    """Returns a number in [0, 1) that depends on the seed and the text alone."""
    return int.from_bytes(hashlib.sha256(f"{seed} {text}".encode()).digest()[:7]) / 2**56


def reach_of(seed: int, followers: int, video_id: int) -> int:
    """Returns how many people a new video may reach."""
    return int(max(followers, 20) * (0.2 + 2.3 * unit(seed, f"reach {video_id}")))


def video_counters(seed: int, video: SimulatedVideo, now: float) -> dict[str, int]:
    """Returns the four counters of a video."""
    age = max(0.0, (now - video.created_ms / 1000) / DAY)
    views = _views(seed, video, age)
    counters = {"view_count": int(views)}
    for name, (least, spread) in _RATES.items():
        counters[name] = int(views * (least + spread * unit(seed, f"{name} {video.id}")))
    return {name: max(0, value + video.adjustments.get(name, 0)) for name, value in counters.items()}


def _views(seed: int, video: SimulatedVideo, age: float) -> float:
    spread_days = 0.5 + 2.5 * unit(seed, f"spread {video.id}")
    purge_days = 10 + 10 * unit(seed, f"bots {video.id}")
    found = 1 - math.exp(-age / spread_days) + 0.05 * math.log1p(age)
    return max(0.0, video.reach * (found - 0.02 * min(12, age // purge_days)))


def set_counters(
    record: Creator | SimulatedVideo, wanted: Mapping[str, int], shown: Callable[[], Mapping[str, int]]
) -> None:
    """Let a record have these values now; `shown()` returns its counters as they are shown."""
    record.adjustments.update(dict.fromkeys(wanted, 0))
    by_the_model = shown()
    record.adjustments.update({name: value - by_the_model[name] for name, value in wanted.items()})


def followers(seed: int, creator: Creator, days: float) -> int:
    """Returns the followers of a creator by the model, without adjustments."""
    phase = unit(seed, f"week {creator.username}")
    purge_days = 9 + 11 * unit(seed, f"purge {creator.username}")
    wave = 0.01 * (math.sin(2 * math.pi * (days / 7 + phase)) - math.sin(2 * math.pi * phase))
    purged = days // purge_days * creator.daily_growth * purge_days / 4
    return max(0, int(creator.followers * (1 + creator.daily_growth * days + wave - purged)))


def creator_counters(
    seed: int, creator: Creator, videos: list[SimulatedVideo], *, began_at: float, now: float
) -> dict[str, int]:
    """Returns the four counters of a creator; `videos` are the public ones."""
    days = max(0.0, (now - began_at) / DAY)
    counters = {
        "follower_count": followers(seed, creator, days),
        "following_count": creator.following + int(days / 3),
        "likes_count": creator.likes + sum(video_counters(seed, video, now)["like_count"] for video in videos),
        "video_count": len(videos),
    }
    return {name: max(0, value + creator.adjustments.get(name, 0)) for name, value in counters.items()}
