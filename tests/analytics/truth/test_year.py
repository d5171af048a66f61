"""TikTok's own books, kept beside ours for 400 days, equal every number of every query."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest

from tests.analytics.truth import posts, sums
from tests.analytics.truth.book import Book, periods
from tests.analytics.truth.year import MANY, ZONE, Life, Year

DAYS = 400


@pytest.fixture
def live(simulator, pass_time, owner, connect_account, run_jobs):
    """Live for some days: `live(400, seed=1)`."""

    def live(days: int, seed: int) -> Year:
        simulator.control.knobs(refresh_restarts=True)
        simulator.control.freeze()
        owner.patch("/auth/me", json={"timezone": ZONE})
        life = Life(simulator, pass_time, seed)
        ids = {username: connect_account(owner, username) for username in life.books}
        for _ in range(3):
            simulator.control.seed_videos(MANY, title="Old #sea", count=15)
        run_jobs()
        first = life.look()
        life.live(days)
        return Year(life.books, ids, first, pass_time(seconds=0))

    return live


METRICS = ("followers", "following", "likes", "videos", "views", "comments", "shares", "engagement_rate")
ZONES = ("Europe/Berlin", "UTC", "America/Los_Angeles", "Pacific/Apia", "Asia/Kathmandu")


def test_every_number_of_every_query_is_tiktoks(live, owner):
    year = live(DAYS, seed=1)

    alone = [Asked(owner, [year.books[name]], account_id) for name, account_id in year.account_ids.items()]
    together = Asked(owner, list(year.books.values()), None, list(year.account_ids.values()))
    for place, metric in enumerate(METRICS):
        for zone in {ZONES[place % len(ZONES)], ZONES[(place + 2) % len(ZONES)]}:
            last = year.last.astimezone(ZoneInfo(zone)).date()
            for ask in (*alone, together):
                ask.series(metric, "day", last - timedelta(days=min(DAYS, 395)), last, zone)
                ask.series(metric, "week", last - timedelta(days=min(DAYS + 5, 395)), last, zone)
                ask.series(metric, "month", last - timedelta(days=min(DAYS + 5, 395)), last, zone)
    for zone in ZONES:
        last = year.last.astimezone(ZoneInfo(zone)).date()
        for first, end in _windows(last):
            for ask in alone:
                ask.summary(first, end, zone)
                ask.growth(first, end, zone, year.last)
                ask.engagement(first, end, zone)
            together.overview(first, end, zone)
            together.compare(first, end, zone)
            together.ranking(first, end, zone)
            together.hashtags(first, end, zone)
            together.best_times(first, end, zone)
    for ask in alone:
        ask.histories()
    assert Asked.compared > 50 * DAYS


def _windows(last: date) -> list[tuple[date, date]]:
    """Some windows of days, a whole month among them."""
    month = (last.replace(day=1) - timedelta(days=1)).replace(day=1)
    windows = [(last - timedelta(days=days), last - timedelta(days=1)) for days in (1, 7, 28, 90)]
    return [*windows, (month, sums.following_month(month) - timedelta(days=1))]


@dataclass
class Asked:
    """The answers about one account, or several together, held against their books."""

    owner: Any
    books: list[Book]
    account_id: str | None
    account_ids: list[str] = field(default_factory=list)
    compared: ClassVar[int] = 0

    def get(self, path: str, first: date, last: date, zone: str, **args: Any) -> Any:
        under = f"/accounts/{self.account_id}" if self.account_id else ""
        query = urlencode({"from": first, "to": last, "timezone": zone, **args}, doseq=True)
        response = self.owner.get(f"/analytics{under}{path}?{query}")
        assert response.status_code == 200, response.json
        return response.json

    def series(self, metric: str, interval: str, first: date, last: date, zone: str) -> None:
        answer = self.get("/timeseries", first, last, zone, metric=metric, interval=interval)
        wanted = list(periods(first, last, zone, interval))
        assert [point["date"] for point in answer["points"]] == [str(day) for day, _, _ in wanted]
        for said, (_, start, end) in zip(answer["points"], wanted, strict=True):
            right = self.book.point(metric, start, end) if self.account_id else self.sum(metric, start, end)
            self.same(said, right, (metric, interval, zone, said["date"]))

    def summary(self, first: date, last: date, zone: str) -> None:
        answer = self.get("/summary", first, last, zone)
        start, end = sums.bounds(first, last, zone)
        for metric in METRICS:
            self.same(answer[metric], self.book.point(metric, start, end), ("summary", metric, zone, first, last))
        assert answer["interactions"] == self.book.gains(start, end, "likes", "comments", "shares")

    def growth(self, first: date, last: date, zone: str, now: datetime) -> None:
        for metric in ("followers", "views"):
            answer = self.get("/growth", first, last, zone, metric=metric)
            for name in ("best_day", "worst_day"):
                answer[name] = answer[name] and answer[name]["change"]
            wanted = sums.growth(self.book, metric, first, last, zone, now)
            assert {name: answer[name] for name in wanted} == wanted, (self.book.username, metric, zone, first)
            self.same_as_before(answer["total"], metric, first, last, zone)

    def engagement(self, first: date, last: date, zone: str) -> None:
        answer = self.get("/engagement", first, last, zone)
        for name, metric in {"rate": "engagement_rate", "likes": "video_likes", "interactions": "interactions"}.items():
            self.same_as_before(answer[name], metric, first, last, zone)

    def overview(self, first: date, last: date, zone: str) -> None:
        for path in ("/overview", "/dashboard"):
            answer = self.get(path, first, last, zone)
            for metric in (*METRICS, "interactions"):
                self.same_as_before(answer[metric], metric, first, last, zone)

    def compare(self, first: date, last: date, zone: str) -> None:
        answer = self.get("/compare", first, last, zone, account_ids=self.account_ids)
        assert [each["account_id"] for each in answer["accounts"]] == self.account_ids
        for said, book in zip(answer["accounts"], self.books, strict=True):
            for metric in (*METRICS, "interactions"):
                Asked(self.owner, [book], None).same_as_before(said[metric], metric, first, last, zone)

    def ranking(self, first: date, last: date, zone: str) -> None:
        wanted = {}
        for book in self.books:
            wanted |= posts.gains(book, *sums.bounds(first, last, zone))
        rows: list[dict[str, Any]] = []
        cursor: dict[str, Any] = {}
        while cursor is not None:
            page = self.get("/posts", first, last, zone, metric="likes", limit=100, **cursor)
            rows += page["data"]
            cursor = {"cursor": page["next_cursor"]} if page["has_more"] else None
        assert {row["video_id"] for row in rows} == set(wanted)
        assert [row["rank"] for row in rows] == list(range(1, len(wanted) + 1))
        for row in rows:
            right = wanted[row["video_id"]]
            for kind in ("gained", "total"):
                said = {name: row[kind][name] for name in right[kind]}
                assert said == right[kind], (row["video_id"], kind, zone, first)
            assert (row["is_restated"], row["value"]) == (right["is_restated"], right["gained"]["likes"])
        values = [row["value"] for row in rows]
        assert values == sorted(values, reverse=True)
        Asked.compared += len(rows)

    def hashtags(self, first: date, last: date, zone: str) -> None:
        answer = self.get("/hashtags", first, last, zone)
        wanted = posts.hashtags(posts.published(self.books, *sums.bounds(first, last, zone)))
        assert {tag["name"] for tag in answer["hashtags"]} == set(wanted)
        for tag in answer["hashtags"]:
            right = wanted[tag["name"]]
            assert {name: tag[name] for name in right} == right, (zone, first, tag)

    def best_times(self, first: date, last: date, zone: str) -> None:
        answer = self.get("/best-times", first, last, zone)
        wanted = posts.best_times(posts.published(self.books, *sums.bounds(first, last, zone)), zone)
        assert len(answer["cells"]) == 7 * 24
        for cell in answer["cells"]:
            count, speed = wanted.get((cell["weekday"], cell["hour"]), (0, None))
            assert cell["posts"] == count, (zone, first, cell)
            assert cell["median_views_per_hour"] == (None if speed is None else pytest.approx(speed, rel=1e-3))

    def histories(self) -> None:
        listed = self.owner.get(f"/accounts/{self.account_id}/videos?include_gone=true&limit=100").json["data"]
        assert listed
        for video in listed[::5]:
            answer = self.owner.get(f"/analytics/posts/{video['id']}?timezone={ZONE}").json
            [told] = answer["videos"]
            said = {day["date"]: day for day in told["days"]}
            read = list(posts.days(self.book, video["video_id"], ZONE))
            for day, value, change in read[:400]:
                assert (said[day]["value"], said[day]["change"]) == (value, change), (video["video_id"], day)
            unread = set(said) - {day for day, _, _ in read}
            assert all(said[day]["value"]["views"] is None and said[day]["reason"] for day in unread)

    def same_as_before(self, said: dict[str, Any], metric: str, first: date, last: date, zone: str) -> None:
        window, before = sums.bounds(first, last, zone), sums.bounds(*sums.days_before(first, last), zone)
        self.same(said, sums.comparison(self.books, metric, window, before), (metric, zone, first, last))

    def sum(self, metric: str, start: datetime, end: datetime) -> dict[str, Any]:
        return sums.point(self.books, metric, start, end)

    @property
    def book(self) -> Book:
        [book] = self.books
        return book

    def same(self, said: dict[str, Any], wanted: dict[str, Any], about: Any) -> None:
        assert {name: said.get(name) for name in wanted} == wanted, ([b.username for b in self.books], about, said)
        if said["value"] is None:
            assert said["reason"] is not None, about
        Asked.compared += 1
