"""A metric of many videos at once, from arrays; and all metrics of one video.

Arrays of int64 are added and subtracted as a whole, which is ten times as fast as one by one: each is taken as one number whose
digits count 2**64 each. Signed digits are read back with 2**63 added to each, so that none is below zero and takes from its
neighbour. No result may be outside of int64.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from tiktok_api.analytics import video_arrays
from tiktok_api.analytics.metrics import VIDEO_COUNTERS, Reason
from tiktok_api.analytics.models import NOT_COUNTED
from tiktok_api.analytics.series import RATE_DIGITS
from tiktok_api.analytics.video_arrays import Totals
from tiktok_api.analytics.videos.ranking import UNRANKED
from tiktok_api.analytics.videos.vocabulary import COUNTERS_OF, INTERACTIONS_OF, PostMetric

Arrays = Mapping[str, bytes]

_BYTES = 8


def gained(metric: PostMetric, before: Totals, last: Totals, *, least_views: int) -> Sequence[float]:
    """What every video gained between two rows, UNRANKED where that is unknown. What was not counted before had gained nothing."""
    arrays = before.stored if before.is_whole else {name: _cleared(each) for name, each in before.stored.items()}
    return _numbers(metric, last, (), (arrays,), least_views)


def total(metric: PostMetric, last: Totals, first: Arrays, *, least_views: int) -> Sequence[float]:
    """What every video had at a row: its gain and its first number."""
    known = {name: each[: len(last.stored[name])] for name, each in first.items()}
    return _numbers(metric, last, (known,), (), least_views)


def _numbers(
    metric: PostMetric, last: Totals, plus: Iterable[Arrays], minus: Iterable[Arrays], least_views: int
) -> Sequence[float]:
    size = len(last.stored[COUNTERS_OF[metric][0]]) // _BYTES
    arrays = last.stored if last.is_whole else {name: _cleared(each) for name, each in last.stored.items()}

    def sum_of(*counters: str) -> Sequence[int]:
        added = [each[name] for each in (arrays, *plus) for name in counters]
        return video_arrays.unpack(_add(added, [each[name] for each in minus for name in counters], size))

    found: Sequence[float]
    if metric is PostMetric.ENGAGEMENT_RATE:
        least = max(least_views, 1)
        pairs = zip(sum_of(*INTERACTIONS_OF), sum_of("views"), strict=True)
        found = [done / views if views >= least else UNRANKED for done, views in pairs]
    else:
        found = sum_of(*COUNTERS_OF[metric])
    if last.is_whole:
        return found
    gains = last.gains(COUNTERS_OF[metric][0])
    return [UNRANKED if gain == NOT_COUNTED else number for gain, number in zip(gains, found, strict=True)]


def _add(plus: Iterable[bytes], minus: Iterable[bytes], size: int) -> bytes:
    """The sum of some arrays less that of others, digit by digit; a shorter one has zeros behind its end."""
    total = sum(map(_number, plus)) - sum(map(_number, minus))
    halves = _halves(size)
    return ((total + halves) ^ halves).to_bytes(_BYTES * size, "little")


def _number(stored: bytes) -> int:
    halves = _halves(len(stored) // _BYTES)
    return (int.from_bytes(stored, "little") ^ halves) - halves


@lru_cache(maxsize=1024)
def _halves(size: int) -> int:
    """2**63 in each digit."""
    return int.from_bytes((b"\0" * (_BYTES - 1) + b"\x80") * size, "little")


def _cleared(stored: bytes) -> bytes:
    """An array with 0 for the videos that were not counted."""
    known = [0 if gain == NOT_COUNTED else gain for gain in video_arrays.unpack(stored)]
    return video_arrays.pack(enumerate(known), len(known))


def negated(numbers: Sequence[float]) -> list[float]:
    """Numbers by which the smallest is the best."""
    return [UNRANKED if number == UNRANKED else -number for number in numbers]


def empty(metric: PostMetric) -> "array[Any]":
    """No numbers of a metric yet."""
    return array("d" if metric is PostMetric.ENGAGEMENT_RATE else "q")


def describe(counters: Mapping[str, int]) -> dict[str, Any]:
    """The four counters of a post with what is made of them; the rate is null without views."""
    interactions = sum(counters[name] for name in INTERACTIONS_OF)
    has_views = counters["views"] > 0
    return {
        **counters,
        "interactions": interactions,
        "engagement_rate": round(interactions / counters["views"], RATE_DIGITS) if has_views else None,
        "reason": None if has_views else Reason.NO_VIEWS,
    }


def unknown(reason: Reason) -> dict[str, Any]:
    """Numbers that are not known."""
    return {**dict.fromkeys((*VIDEO_COUNTERS, "interactions", "engagement_rate")), "reason": reason}
