"""What a list costs when there are very many posts: its first page, its last, and its total, for each filter.

DATABASE_URL=… python -m benchmarks.scale 1000000     # an empty database, or one that was filled before
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from rich.console import Console
from sqlalchemy import func, select

from benchmarks import scale_rows
from benchmarks.figures import figures_of, table_of
from tiktok_api.accounts.models import Account
from tiktok_api.auth.identity import Identity
from tiktok_api.cli.stack.settings import local_settings
from tiktok_api.db import db
from tiktok_api.extensions import service
from tiktok_api.posts import monitoring, queries
from tiktok_api.posts.capacity import days as capacity
from tiktok_api.posts.capacity import health
from tiktok_api.posts.models import Post
from tiktok_api.posts.vocabulary import PostStatus
from tiktok_api.schema import revisions
from tiktok_api.settings import Settings
from tiktok_api.web import pagination

LIMIT, ROUNDS = 50, 7


@dataclass(frozen=True, slots=True)
class PageCost:
    """CPU milliseconds of one filter, the least of several runs each: other work on the machine only ever adds.

    The floor of the last page is the first, than which it should cost no more.
    """

    name: str
    first: float
    last: float
    total: float
    floor_last: float


@dataclass(frozen=True, slots=True)
class ScaleCosts:
    """The figures of one database: lists by filter, and other answers in milliseconds by name."""

    database: str
    posts: int
    pages: tuple[PageCost, ...]
    others: dict[str, float]


def measure(database_url: str, posts: int = 1_000_000) -> ScaleCosts:
    """Fill a database unless it is filled, and measure what lists cost the user with a tenth of all posts."""
    app = _make_app(database_url)
    with app.app_context():
        upgrade = revisions.upgrade()
        if upgrade.problem:
            raise RuntimeError(upgrade.problem)
        if db.session.scalar(select(Post.id).limit(1)) is None:
            db.session.rollback()
            scale_rows.fill(db.engine, posts)
        pages = tuple(_measure_pages(app, name, filters) for name, filters in _filters(posts).items())
        return ScaleCosts(db.engine.dialect.name, posts, pages, _measure_others())


def _make_app(database_url: str) -> Flask:
    from tiktok_api.app import create_app  # it imports everything, which a reader of figures does not need

    return create_app(local_settings(database_url=database_url, log_level="ERROR"))


def _filters(posts: int) -> dict[str, dict[str, Any]]:
    account, last_account = scale_rows.account_id(1), scale_rows.account_id(scale_rows.ACCOUNTS_OF_FIRST)
    middle = scale_rows.FIRST_DAY + posts // 2 * scale_rows.SECONDS_APART
    day = {"since": datetime.fromtimestamp(middle, UTC), "until": datetime.fromtimestamp(middle + 86_400, UTC)}
    return {
        "none": {},
        "status, most": {"status": [PostStatus.PUBLISHED]},
        "status, few": {"status": [PostStatus.PUBLISHING]},
        "status, none": {"status": [PostStatus.DELIVERED]},
        "statuses": {"status": [PostStatus.FAILED, PostStatus.PUBLISHING, PostStatus.SCHEDULED]},
        "account, most": {"account_id": [account]},
        "account, old posts": {"account_id": [last_account]},
        "accounts": {"account_id": [account, last_account, scale_rows.account_id(2)]},
        "account, none": {"account_id": [scale_rows.account_id(scale_rows.ACCOUNTS_OF_FIRST + 1)]},
        "account and status": {"account_id": [account], "status": [PostStatus.FAILED]},
        "a day": day,
        "all that is to come": {"since": datetime(2030, 1, 1, tzinfo=UTC)},
        "all that has been": {"until": datetime(2030, 1, 1, tzinfo=UTC)},
        "a day and status": day | {"status": [PostStatus.PUBLISHED]},
        "q, all": {"q": "description"},
        "q, of old": {"q": scale_rows.OLD_WORD},
        "q, of new": {"q": scale_rows.NEW_WORD},
        "q, rare": {"q": scale_rows.RARE_WORD.upper()},
        "q, none": {"q": "zzzz"},
        "q, none, short": {"q": "zz"},
        "q and status": {"q": scale_rows.OLD_WORD, "status": [PostStatus.FAILED]},
    }


def _measure_pages(app: Flask, name: str, filters: dict[str, Any]) -> PageCost:
    caller = Identity(user_id=scale_rows.user_id(1), session_id=None)

    def show(**args: Any) -> pagination.Page:
        return queries.list_posts(caller, {"limit": LIMIT, "include_total": False} | args, **filters)

    with app.test_request_context("/api/v1/posts"):
        cursor = _last_page(show)
        first, last = _least(lambda: show()), _least(lambda: show(cursor=cursor))
        total = _least(lambda: show(include_total=True)) - first
    return PageCost(name, first, last, total, floor_last=first)


def _last_page(show: Callable[..., pagination.Page]) -> str:
    """The cursor of the last full page: found by bisection over the time of creation, with cursors as the list makes them."""
    low, high = scale_rows.FIRST_DAY, scale_rows.FIRST_DAY + 100 * 366 * 86_400

    def at(seconds: int) -> str:
        moment = datetime.fromtimestamp(seconds, UTC)
        return pagination._write_cursor([moment, scale_rows.user_id(0)])  # a key that no list has shown

    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if len(show(cursor=at(middle)).data) >= LIMIT else (middle, high)
    return at(high)


def _measure_others() -> dict[str, float]:
    account = db.session.get(Account, scale_rows.account_id(1))
    assert account is not None
    today = datetime.now(UTC).date()
    days = {"first": today, "last": today + timedelta(days=6), "zone": ZoneInfo("UTC"), "settings": service(Settings)}
    waiting = select(func.count()).select_from(Post).where(Post.owner_id == account.owner_id)
    return {
        "capacity of an account": _least(lambda: capacity.days_of(account, **days)),
        "creators of a day": _least(lambda: capacity.creators_today(service(Settings))),
        "health of an account": _least(lambda: health.health_of(account)),
        "metrics of publications": _least(lambda: list(monitoring.gauges())),
        "count of all posts of the user, to compare": _least(lambda: db.session.scalar(waiting)),
    }


def _least(act: Callable[[], Any]) -> float:
    def once() -> float:
        start = _cpu_seconds()
        act()
        return 1_000 * (_cpu_seconds() - start)

    return min(once() for _ in range(ROUNDS))


def _cpu_seconds() -> float:
    """What this process and the database's have computed so far; without Linux, or with a server elsewhere, the time."""
    try:
        return time.process_time() + sum(_computed(pid) for pid in _servers())
    except OSError:
        return time.perf_counter()


@cache
def _servers() -> tuple[int, ...]:
    """The processes of PostgreSQL that answer this one."""
    if db.engine.dialect.name != "postgresql":
        return ()
    with db.engine.connect() as connection:
        pids = connection.exec_driver_sql("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        return tuple(pids.scalars())


def _computed(pid: int) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def main() -> None:
    """Print the figures of the database in DATABASE_URL."""
    posts = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    found = figures_of(measure(os.environ["DATABASE_URL"], posts), "scale")
    Console(highlight=False).print(table_of("CPU milliseconds; a tenth of the posts are the caller's", found, {}))


if __name__ == "__main__":
    main()
