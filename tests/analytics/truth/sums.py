"""What the books of several accounts say together."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from tests.analytics.truth.book import PROFILE, Book, midnight

PARTS = {
    "interactions": ("likes", "comments", "shares"),
    **{name: (name,) for name in ("views", "comments", "shares")},
    "video_likes": ("likes",),
}


def change(book: Book, metric: str, start: datetime, end: datetime) -> int | None:
    """What one account gained in a window."""
    if metric in PROFILE:
        return book.point(metric, start, end)["change"]
    return book.gains(start, end, *PARTS[metric])


def last_value(book: Book, metric: str, end: datetime) -> int | None:
    """What one account had when it was last read."""
    if metric in PROFILE:
        look = book.profile_before(end)
        return look.values[metric] if look else None
    listed = book.list_before(end)
    return sum(listed.value(part) for part in PARTS[metric]) if listed else None


def is_read(book: Book, metric: str, start: datetime, end: datetime) -> bool:
    """Whether one account was read in a window."""
    look = book.profile_before(end) if metric in PROFILE else book.list_before(end)
    return look is not None and look.at >= start


def point(books: Sequence[Book], metric: str, start: datetime, end: datetime) -> dict[str, Any]:
    """What a period must say of several accounts together."""
    if metric == "engagement_rate":
        views, done = point(books, "views", start, end), point(books, "interactions", start, end)
        return {"value": ratio(done["change"], views["change"]), "accounts_read": views["accounts_read"]}
    read = [book for book in books if is_read(book, metric, start, end)]
    changes = [each for book in books if (each := change(book, metric, start, end)) is not None]
    known = [each for book in books if (each := last_value(book, metric, end)) is not None]
    return {
        "value": sum(known) if read else None,
        "change": sum(changes) if changes else None,
        "accounts_read": len(read),
        "accounts_in_change": len(changes),
    }


def ratio(done: int | None, views: int | None) -> float | None:
    """Interactions by views."""
    return round(done / views, 6) if done is not None and views is not None and views > 0 else None


def comparison(
    books: Sequence[Book], metric: str, window: tuple[datetime, datetime], before: tuple[datetime, datetime]
) -> dict[str, Any]:
    """What a window must say against the window before."""
    if metric == "engagement_rate":
        both = [book for book in books if change(book, "views", *window) is not None]
        both = [book for book in both if change(book, "views", *before) is not None]
        sums = {
            (name, at): sum(change(book, name, *at) or 0 for book in both) if both else None
            for name in ("views", "interactions")
            for at in (window, before)
        }
        now, then = (ratio(sums["interactions", at], sums["views", at]) for at in (window, before))
        is_comparable = now is not None and then is not None
        return {
            "value": point(books, metric, *window)["value"],
            "value_compared": now if is_comparable else None,
            "value_before": then if is_comparable else None,
            "accounts_compared": len(both),
        }
    pairs = [(change(book, metric, *window), change(book, metric, *before)) for book in books]
    pairs = [(now, then) for now, then in pairs if now is not None and then is not None]
    now, then = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
    return point(books, metric, *window) | {
        "change_compared": now if pairs else None,
        "change_before": then if pairs else None,
        "relative_change": round((now - then) / then, 6) if pairs and then > 0 else None,
        "accounts_compared": len(pairs),
    }


def days_before(first: date, last: date) -> tuple[date, date]:
    """The window before a window of days: as many days, or the month before a whole month."""
    if first.day == 1 and (last + timedelta(days=1)) == following_month(first):
        end = first - timedelta(days=1)
        return end.replace(day=1), end
    return first - (last - first) - timedelta(days=1), first - timedelta(days=1)


def following_month(first: date) -> date:
    """The first day of the month after."""
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def bounds(first: date, last: date, zone: str) -> tuple[datetime, datetime]:
    """The instants that bound some days."""
    return midnight(first, zone), midnight(last + timedelta(days=1), zone)


def growth(book: Book, metric: str, first: date, last: date, zone: str, now: datetime) -> dict[str, Any]:
    """What one account gained by day: the days that follow a day that was read too, and are over."""
    counted: list[tuple[date, int]] = []
    day, found = first, {"days_unread": 0, "days_after_gap": 0}
    while day <= last:
        start, end = bounds(day, day, zone)
        if end <= now:
            yesterday = bounds(day - timedelta(days=1), day - timedelta(days=1), zone)
            gained = change(book, metric, start, end)
            if not is_read(book, metric, start, end):
                found["days_unread"] += 1
            elif gained is None or not is_read(book, metric, *yesterday):
                found["days_after_gap"] += 1
            else:
                counted.append((day, gained))
        day += timedelta(days=1)
    changes = [gained for _, gained in counted]
    return found | {
        "days_counted": len(counted),
        "average_per_day": round(sum(changes) / len(changes), 2) if changes else None,
        "best_day": max(changes, default=None),
        "worst_day": min(changes, default=None),
    }
