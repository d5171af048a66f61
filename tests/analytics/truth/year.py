"""More than a year in the life of two creators: they grow, are restated, lose videos, and TikTok is silent at times."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.analytics.truth.book import Book

ZONE = "Europe/Berlin"
TAGS = ("#sea", "#Sea", "#harbour", "#night", "#köln", "#food")
FEW, MANY = "katherine", "grace"
"""A creator whose list is one page, and one with several."""
MOST_OF_FEW = 18


@dataclass
class Year:
    """The books of a life, and when it was."""

    books: dict[str, Book]
    account_ids: dict[str, str]
    first: datetime
    last: datetime


class Life:
    """Lets days pass and writes the books."""

    def __init__(self, simulator: Any, pass_time: Callable[..., datetime], seed: int) -> None:
        self.control, self._pass_time = simulator.control, pass_time
        self.dice = random.Random(seed)
        self.books = {FEW: Book(FEW), MANY: Book(MANY)}

    def live(self, days: int) -> None:
        """So many days, with a look on most of them."""
        for _ in range(days):
            hours = self.dice.uniform(21, 26)
            for username in self.books:
                self._change_something(username)
            failing = self._fail_sometimes()
            now = self._pass_time(hours=hours)
            if failing:
                self.control.clear_mischief()
            self._look(now, failing)

    def look(self) -> datetime:
        """Write down how things stand now, after a sync of everything."""
        now = self._pass_time(seconds=0)
        self._look(now, ())
        return now

    def _look(self, now: datetime, failing: tuple[str, ...]) -> None:
        for username, book in self.books.items():
            if "user_info" not in failing:
                book.look_at_profile(now, self.control.creator(username))
            if not failing:
                videos = self.control.videos(username=username)
                book.look_at_videos(now, [video for video in videos if video["is_public"]])

    def _fail_sometimes(self) -> tuple[str, ...]:
        """TikTok answers nothing of some kind until the next step, on one day of ten."""
        failing: tuple[str, ...] = ()
        if self.dice.random() < 0.1:
            failing = self.dice.choice([("user_info", "video_list"), ("video_list",)])
        for endpoint in failing:
            self.control.mischief(endpoint, "status", status=500, every=True)
        return failing

    def _change_something(self, username: str) -> None:
        videos = [video for video in self.control.videos(username=username) if video["is_public"]]
        if self.dice.random() < (0.3 if username == MANY or len(videos) < MOST_OF_FEW else 0):
            words = " ".join(["Morning light", *self.dice.sample(TAGS, self.dice.randint(0, 3))])
            self.control.seed_videos(username, title=words)
        if videos and self.dice.random() < 0.06:
            self.control.take_down(self.dice.choice(videos)["id"])
        elif videos and self.dice.random() < 0.1:
            video = self.dice.choice(videos)
            counter = self.dice.choice(["view_count", "like_count", "comment_count", "share_count"])
            self.control.change_video(video["id"], **{counter: int(video[counter] * self.dice.uniform(0.3, 1.2))})
        if self.dice.random() < 0.05:
            followers = self.control.creator(username)["follower_count"]
            self.control.change_creator(username, follower_count=int(followers * self.dice.uniform(0.8, 1.1)))
