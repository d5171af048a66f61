"""Weeks of an account as chance would have them: hourly looks, growth, drops, gaps, videos that go and come back."""

import random
from datetime import datetime, timedelta

from tests.analytics.collection.conftest import Lists, a_video, page_of
from tiktok_api import clock, clock_offset
from tiktok_api.accounts.models import Account
from tiktok_api.analytics.collection import ingest
from tiktok_api.db import db, transaction
from tiktok_api.tiktok import TikTokVideo, UserInfo

COUNTERS = ("view_count", "like_count", "comment_count", "share_count")
CHANGES_OF_CLOCKS = {
    "Europe/Berlin": datetime.fromisoformat("2027-03-28T01:00Z"),
    "America/New_York": datetime.fromisoformat("2027-03-14T07:00Z"),
    "Australia/Lord_Howe": datetime.fromisoformat("2027-04-03T15:00Z"),
    "America/Santiago": datetime.fromisoformat("2027-04-04T03:00Z"),
    "Asia/Beirut": datetime.fromisoformat("2027-03-27T22:00Z"),
    "UTC": datetime.fromisoformat("2027-03-28T00:00Z"),
}


class History:
    """What TikTok has of one account, and how it is looked at."""

    def __init__(self, lists: Lists, seed: int) -> None:
        self.lists, self.chance = lists, random.Random(seed)
        self.videos: dict[str, dict[str, int]] = {}
        self.posted: dict[str, datetime] = {}
        self.hidden: set[str] = set()
        self.profile = {"follower_count": 1000, "likes_count": 5000, "video_count": 3}

    def live(self, *, around: datetime, days: int) -> None:
        """Let some days pass, in the middle of which is `around`."""
        with self.lists.app.app_context():
            clock_offset.advance(around - timedelta(days=days / 2) - clock.now())
            ends = clock.now() + timedelta(days=days)
        while self._now() < ends:
            with self.lists.app.app_context():
                clock_offset.advance(timedelta(minutes=self.chance.choice([20, 60, 60, 60, 180, 300, 2000])))
            self._change()
            if self.chance.random() < 0.7:
                self._look_at_profile()
            if self.chance.random() < 0.8:
                self._look_at_list()

    def _now(self) -> datetime:
        with self.lists.app.app_context():
            return clock.now()

    def _change(self) -> None:
        if len(self.videos) < 3 or self.chance.random() < 0.08:
            name = f"v{len(self.videos)}"
            self.videos[name] = dict.fromkeys(COUNTERS, 0)
            age = self.chance.choice([timedelta(minutes=5), timedelta(days=self.chance.randrange(1, 400))])
            self.posted[name] = self._now() - age
        for counters in [*self.videos.values(), self.profile]:
            for name in counters:
                change = self.chance.choice([0, 1, 5, 40, 40, -3 if self.chance.random() < 0.2 else 0])
                counters[name] = max(0, counters[name] + change)
        if self.chance.random() < 0.15:
            self.hidden ^= {self.chance.choice(list(self.videos))}

    def _look_at_profile(self) -> None:
        sent = {name: value if self.chance.random() < 0.93 else None for name, value in self.profile.items()}
        with self.lists.app.app_context(), transaction():
            account = db.session.get_one(Account, self.lists.account_id)
            ingest.store_profile(account=account, info=UserInfo(**sent), captured_at=clock.now())

    def _look_at_list(self) -> None:
        """A list on one page is whole; one on two pages is read to its end once a day."""
        listed = sorted(set(self.videos) - self.hidden, key=lambda name: self.posted[name], reverse=True)
        videos = [self._sent(name) for name in listed]
        if len(videos) < 2 or self.chance.random() < 0.3:
            self.lists.read(page_of(*videos))
            return
        half = len(videos) // 2
        self.lists.read(page_of(*videos[:half], cursor=self.posted[listed[half - 1]]), page_of(*videos[half:]))

    def _sent(self, name: str) -> TikTokVideo:
        counters = dict(self.videos[name])
        if self.chance.random() < 0.08:
            counters[self.chance.choice(COUNTERS)] = None  # type: ignore[assignment]
        return a_video(name, self.posted[name], **counters)
