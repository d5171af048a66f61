"""TikTok's books: what it had at each look, and what every query must say of that, worked out in the plainest way.

Nothing here is the product's: days are found by walking through them, and sums are made anew for every question.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

PROFILE = {"followers": "follower_count", "following": "following_count", "likes": "likes_count"}
PROFILE["videos"] = "video_count"
COUNTERS = {"views": "view_count", "likes": "like_count", "comments": "comment_count", "shares": "share_count"}
STEP = timedelta(minutes=15)


@dataclass(frozen=True)
class ProfileLook:
    """The profile's counters at one time; `drops`: how often each was lower than at the look before, so far."""

    at: datetime
    values: dict[str, int]
    drops: dict[str, int]


@dataclass(frozen=True)
class ListLook:
    """The whole list at one time: of every video seen so far what it had last, what it began with, how often it fell."""

    at: datetime
    now: dict[str, dict[str, int]]
    first: dict[str, dict[str, int]]
    drops: dict[str, int]
    public: frozenset[str]

    def value(self, name: str, ids: frozenset[str] | None = None) -> int:
        """The sum of a counter over the public videos."""
        return sum(self.now[each][name] for each in self.public if ids is None or each in ids)

    def gained(self, name: str, ids: frozenset[str] | None = None) -> int:
        """What all videos have gained since they were first seen, those that are gone included."""
        return sum(self.gained_by(each, name) for each in self.now if ids is None or each in ids)

    def gained_by(self, video_id: str, name: str) -> int:
        """What one video has gained since it was first seen; 0 for one that was not seen yet."""
        return self.now[video_id][name] - self.first[video_id][name] if video_id in self.now else 0


@dataclass
class Book:
    """Everything that one creator's account was seen to have."""

    username: str
    profiles: list[ProfileLook] = field(default_factory=list)
    lists: list[ListLook] = field(default_factory=list)
    readings: dict[str, list[tuple[datetime, dict[str, int]]]] = field(default_factory=dict)
    posted: dict[str, datetime] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    watched_since: datetime | None = None

    def look_at_profile(self, at: datetime, creator: dict[str, Any]) -> None:
        """Write down the profile."""
        values = {ours: creator[theirs] for ours, theirs in PROFILE.items()}
        before = self.profiles[-1] if self.profiles else None
        drops = {
            name: (before.drops[name] + (value < before.values[name]) if before else 0)
            for name, value in values.items()
        }
        self.profiles.append(ProfileLook(at, values, drops))

    def look_at_videos(self, at: datetime, videos: list[dict[str, Any]]) -> None:
        """Write down the whole list of public videos."""
        before = self.lists[-1] if self.lists else None
        now = dict(before.now) if before else {}
        first = dict(before.first) if before else {}
        drops = dict(before.drops) if before else dict.fromkeys(COUNTERS, 0)
        public = frozenset(str(video["id"]) for video in videos)
        for video in videos:
            video_id = str(video["id"])
            counters = {ours: video[theirs] for ours, theirs in COUNTERS.items()}
            self.posted[video_id] = datetime.fromisoformat(video["created_at"]).astimezone(UTC).replace(microsecond=0)
            self.words[video_id] = video["title"]
            if video_id not in now:
                is_ours = self.watched_since is not None and self.posted[video_id] >= self.watched_since
                first[video_id] = dict.fromkeys(COUNTERS, 0) if is_ours else counters
            else:
                for name in COUNTERS:
                    drops[name] += counters[name] < now[video_id][name]
            now[video_id] = counters
            self.readings.setdefault(video_id, []).append((at, counters))
        self.watched_since = self.watched_since or at - timedelta(minutes=1)
        self.lists.append(ListLook(at, now, first, drops, public))

    def profile_before(self, instant: datetime) -> ProfileLook | None:
        """The last look at the profile before an instant."""
        return next((look for look in reversed(self.profiles) if look.at < instant), None)

    def list_before(self, instant: datetime) -> ListLook | None:
        """The last look at the list before an instant."""
        return next((look for look in reversed(self.lists) if look.at < instant), None)

    def point(self, metric: str, start: datetime, end: datetime) -> dict[str, Any]:
        """What a period must say of a metric: value, change, is_restated and the looks behind them."""
        if metric in PROFILE:
            last, before = self.profile_before(end), self.profile_before(start)
            read = _read(last, start)
            change = last.values[metric] - before.values[metric] if read and before else None
            drops = last.drops[metric] - (before.drops[metric] if before else 0) if read else 0
            return {"value": last.values[metric] if read else None, "change": change, "is_restated": drops > 0}
        last, before = self.list_before(end), self.list_before(start)
        read = _read(last, start)
        if metric == "engagement_rate":
            views, done = self.gains(start, end, "views"), self.gains(start, end, "likes", "comments", "shares")
            is_known = views is not None and done is not None and views > 0
            return {"value": round(done / views, 6) if is_known else None, "change": None}
        change = self.gains(start, end, metric)
        drops = last.drops[metric] - (before.drops[metric] if before else 0) if read else 0
        return {"value": last.value(metric) if read else None, "change": change, "is_restated": drops > 0}

    def gains(self, start: datetime, end: datetime, *names: str) -> int | None:
        """What the videos gained between the last look before a period and the last look in it; None without both."""
        last, before = self.list_before(end), self.list_before(start)
        if not _read(last, start) or before is None:
            return None
        return sum(last.gained(name) - before.gained(name) for name in names)


def _read(look: ProfileLook | ListLook | None, start: datetime) -> bool:
    return look is not None and look.at >= start


@cache
def midnight(day: date, zone: str) -> datetime:
    """The first quarter of an hour that belongs to a local date, found by walking."""
    instant = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=30)
    while instant.astimezone(ZoneInfo(zone)).date() < day:
        instant += STEP
    return instant


def periods(first: date, last: date, zone: str, interval: str) -> Iterator[tuple[date, datetime, datetime]]:
    """The local days, weeks from Monday or months of a window of days, cut by its ends."""
    begin = first
    while begin <= last:
        if interval == "day":
            following = begin + timedelta(days=1)
        elif interval == "week":
            following = begin + timedelta(days=7 - begin.weekday())
        else:
            following = date(begin.year + begin.month // 12, begin.month % 12 + 1, 1)
        following = min(following, last + timedelta(days=1))
        yield begin, midnight(begin, zone), midnight(following, zone)
        begin = following
