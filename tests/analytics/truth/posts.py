"""What the books say of single posts."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from tests.analytics.truth.book import COUNTERS, Book
from tests.analytics.truth.sums import ratio

Posts = Sequence[tuple[Book, str]]


def gains(book: Book, start: datetime, end: datetime) -> dict[str, dict[str, Any]]:
    """By video, what it gained in a window and had at its end; nothing if the account was not read in it and before."""
    last, before = book.list_before(end), book.list_before(start)
    if last is None or last.at < start or before is None:
        return {}
    return {
        video_id: {
            "gained": _numbers(
                {name: last.gained_by(video_id, name) - before.gained_by(video_id, name) for name in COUNTERS}
            ),
            "total": _numbers(last.now[video_id]),
            "is_restated": _is_lowered(book, video_id, before.at, last.at),
        }
        for video_id in last.now
    }


def _is_lowered(book: Book, video_id: str, after: datetime, until: datetime) -> bool:
    readings = book.readings[video_id]
    return any(
        after < now[0] <= until and any(now[1][name] < then[1][name] for name in COUNTERS)
        for then, now in pairwise(readings)
    )


def _numbers(counters: dict[str, int]) -> dict[str, Any]:
    done = counters["likes"] + counters["comments"] + counters["shares"]
    return {**counters, "interactions": done, "engagement_rate": ratio(done, counters["views"])}


def published(books: Sequence[Book], start: datetime, end: datetime) -> Posts:
    """The videos that were seen and posted in a window."""
    return [
        (book, video_id)
        for book in books
        for video_id, posted in book.posted.items()
        if video_id in book.readings and start <= posted < end
    ]


def hashtags(posts: Posts) -> dict[str, dict[str, Any]]:
    """By hashtag, whatever its case: how many posts, and the medians of their latest numbers."""
    found: dict[str, list[dict[str, int]]] = defaultdict(list)
    for book, video_id in posts:
        for name in {each.casefold() for each in re.findall(r"#(\w+)", book.words[video_id])}:
            found[name].append(book.readings[video_id][-1][1])
    return {name: _medians(numbers) for name, numbers in found.items()}


def _medians(numbers: Sequence[dict[str, int]]) -> dict[str, Any]:
    rates = [(each["likes"] + each["comments"] + each["shares"]) / each["views"] for each in numbers if each["views"]]
    return {
        "posts": len(numbers),
        "median_views": median(each["views"] for each in numbers),
        "median_engagement_rate": round(median(rates), 6) if rates else None,
    }


def best_times(posts: Posts, zone: str) -> dict[tuple[int, int], tuple[int, float]]:
    """By weekday and hour: how many posts were read at an age of 24 to 48 hours, and the median of their views per hour."""
    speeds: dict[tuple[int, int], list[float]] = defaultdict(list)
    for book, video_id in posts:
        posted = book.posted[video_id]
        ages = ((at - posted, counters["views"]) for at, counters in book.readings[video_id])
        young = next(((age, views) for age, views in ages if timedelta(hours=24) <= age < timedelta(hours=48)), None)
        if young is not None:
            local = posted.astimezone(ZoneInfo(zone))
            speeds[local.isoweekday(), local.hour].append(young[1] / (young[0] / timedelta(hours=1)))
    return {hour: (len(each), median(each)) for hour, each in speeds.items()}


def days(book: Book, video_id: str, zone: str) -> Iterator[tuple[str, dict[str, int], dict[str, int]]]:
    """Each local day on which a video was read: its last numbers, and what it gained since it was read before."""
    by_day = {str(at.astimezone(ZoneInfo(zone)).date()): counters for at, counters in book.readings[video_id]}
    before = book.lists[-1].first[video_id]
    for day, counters in by_day.items():
        yield day, counters, {name: counters[name] - before[name] for name in COUNTERS}
        before = counters
