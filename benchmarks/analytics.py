"""What questions about a year of a thousand accounts cost one user, beside the plain query that each would be without roll-ups.

DATABASE_URL=… python -m benchmarks.analytics     # PostgreSQL, empty or filled before: 1,000 accounts, 400 days, 200,000 videos
"""

import gc
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID, uuid4

import psycopg
from flask import Flask
from flask.testing import FlaskClient
from rich.console import Console
from sqlalchemy import func, select

from benchmarks import analytics_rows
from benchmarks.analytics_arrays import Size, account_id
from benchmarks.analytics_rows import LABEL, READ_ALONE, TAG, USER, video_id
from benchmarks.figures import figures_of, latencies_ms, table_of
from tiktok_api import clock
from tiktok_api.accounts.models import Account
from tiktok_api.analytics.models import AccountReading
from tiktok_api.auth.models import SignInSession
from tiktok_api.auth.tokens import mint
from tiktok_api.cli.stack.settings import local_settings
from tiktok_api.db import db, transaction
from tiktok_api.schema import revisions

LAST_DAY = clock.now().date() - timedelta(days=1)
"""What is to come counts for no question, so the rows end before it."""
SHORT = Size(LAST_DAY, accounts=50, days=60, hourly_days=7)
ROUNDS, LEAST_ROUNDS, PLAIN_ROUNDS = 120, 40, 3
WARM_UPS = 7
"""PostgreSQL plans a statement anew for so many runs at most."""


@dataclass(frozen=True, slots=True)
class QuestionCost:
    """Milliseconds of one question, answered over HTTP in this process; the floor is the plain query for the same numbers.

    The floor reads readings as they are stored and counts nothing else: no token, no limits, no JSON.
    """

    question: str
    median_ms: float
    p99_ms: float
    floor_median_ms: float


def measure(database_url: str, size: Size | None = None, *, rounds: int = ROUNDS) -> list[QuestionCost]:
    """Fill a database unless it is filled, and ask every question of the user who has all accounts."""
    size = size or Size(LAST_DAY)
    app = _make_app(database_url)
    token = _prepare(app, size)
    gc.collect()
    gc.freeze()  # as the server's processes do, when all is loaded
    client, headers = app.test_client(), {"Authorization": f"Bearer {token}"}
    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as plain:
        return [
            _cost(question, lambda path=path: _ask(client, headers, path), lambda sql=sql: _run(plain, sql), rounds)
            for question, (path, sql) in _questions(size).items()
        ]


def _make_app(database_url: str) -> Flask:
    from tiktok_api.app import create_app  # it imports everything, which a reader of figures does not need

    return create_app(local_settings(database_url=database_url, log_level="ERROR", rate_limit_per_minute=1_000_000))


def _prepare(app: Flask, size: Size) -> str:
    """Returns a token of the user."""
    with app.app_context():
        upgrade = revisions.upgrade()
        if upgrade.problem:
            raise RuntimeError(upgrade.problem)
        if db.session.scalar(select(Account.id).limit(1)) is None:
            db.session.rollback()
            analytics_rows.fill(db.engine, size)
        elif db.session.scalar(select(func.max(AccountReading.day))) != size.last_day:
            raise RuntimeError("The database was filled on another day; fill an empty one.")
        with transaction() as session:
            now, jti = clock.now(), uuid4()
            signed_in = SignInSession(
                user_id=USER, access_jtis=[str(jti)], refresh_jti=jti, issued_at=now, signed_in_at=now
            )
            session.add(signed_in)
            session.flush()
            return mint(signed_in).access_token


def _ask(client: FlaskClient, headers: dict[str, str], path: str) -> None:
    response = client.get(f"/api/v1/analytics{path}", headers=headers)
    if response.status_code != 200:
        raise SystemExit(f"{path}: {response.status_code} {response.get_data(as_text=True)[:500]}")


def _run(plain: psycopg.Connection, sql: str) -> None:
    plain.execute(sql).fetchall()  # type: ignore[arg-type]  # our own text


def _cost(question: str, ask: Callable[[], None], run: Callable[[], None], rounds: int) -> QuestionCost:
    for _ in range(WARM_UPS):
        ask()
    run()
    median, p99, _ = latencies_ms(_timed(ask) for _ in range(rounds))
    return QuestionCost(question, median, p99, latencies_ms(_timed(run) for _ in range(PLAIN_ROUNDS))[0])


def _timed(act: Callable[[], None]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def _questions(size: Size) -> dict[str, tuple[str, str]]:
    """The path of each question under /analytics, and its plain query."""
    one = account_id(READ_ALONE)
    days = {n: _window(size, n) for n in (30, 90, 365)}
    tag, label = f"&tag={TAG}", f"&label={LABEL}"
    ten = "&".join(f"account_ids={account_id(number)}" for number in range(1, 11))
    of_one, of_all = f"account_id = '{one}'", "account_id IN (SELECT id FROM accounts)"
    of_tag = f"""account_id IN (SELECT id FROM accounts WHERE tags ? '{TAG}')"""  # noqa: S608
    of_ten = "account_id IN ({})".format(", ".join(f"'{account_id(number)}'" for number in range(1, 11)))
    posts_of = f"SELECT * FROM videos WHERE {{}} AND listed_at >= '{size.last_day - timedelta(days=29)}'"  # noqa: S608
    return {
        "summary, 30 days": (f"/accounts/{one}/summary?{days[30]}", _by_day(size, "followers", of_one, 30)),
        "series, 90 days": (f"/accounts/{one}/timeseries?{days[90]}", _by_day(size, "followers", of_one, 90)),
        "series of 4, 365 days": (
            f"/accounts/{one}/timeseries?{days[365]}&metric=followers&metric=views&metric=likes&metric=engagement_rate",
            _by_day(size, "followers", of_one, 365),
        ),
        "growth, 365 days": (f"/accounts/{one}/growth?{days[365]}", _by_day(size, "followers", of_one, 365)),
        "engagement, 90 days": (f"/accounts/{one}/engagement?{days[90]}", _by_day(size, "views", of_one, 90)),
        "hashtags, 365 days": (f"/accounts/{one}/hashtags?{days[365]}", posts_of.format(of_one)),
        "best times, 365 days": (f"/accounts/{one}/best-times?{days[365]}", posts_of.format(of_one)),
        "compare 10, 90 days": (f"/compare?{ten}&{days[90]}", _by_day(size, "followers", of_ten, 90)),
        "compare 10, a series": (f"/compare?{ten}&{days[90]}&metric=views", _by_day(size, "views", of_ten, 90)),
        "overview of all, 30 days": (f"/overview?{days[30]}", _by_day(size, "followers", of_all, 30)),
        "overview of all, 365 days": (f"/overview?{days[365]}", _by_day(size, "views", of_all, 365)),
        "summary of all, 30 days": (f"/summary?{days[30]}", _by_day(size, "followers", of_all, 30)),
        "overview of a tag": (f"/overview?{days[30]}{tag}", _by_day(size, "followers", of_tag, 30)),
        "overview of a label": (f"/overview?{days[30]}{label}", _by_day(size, "views", of_all, 30)),
        "dashboard of all, 30 days": (f"/dashboard?{days[30]}", _by_day(size, "followers", of_all, 30)),
        "series of all, 90 days": (f"/timeseries?{days[90]}", _by_day(size, "followers", of_all, 90)),
        "series of all, views": (f"/timeseries?{days[90]}&metric=views", _by_day(size, "views", of_all, 90)),
        "series of a tag, 365 days": (f"/timeseries?{days[365]}{tag}", _by_day(size, "followers", of_tag, 365)),
        "series of a tag elsewhere": (
            f"/timeseries?{days[90]}{tag}&timezone=Asia/Kathmandu",
            _by_day(size, "followers", of_tag, 90),
        ),
        "growth of all, 90 days": (f"/growth?{days[90]}", _by_day(size, "followers", of_all, 90)),
        "engagement of all, 90 days": (f"/engagement?{days[90]}", _by_day(size, "views", of_all, 90)),
        "leaderboard of one": (f"/posts?{days[90]}&account_id={one}", f"SELECT * FROM videos WHERE {of_one}"),  # noqa: S608
        "leaderboard of 200,000": (f"/posts?{days[30]}", f"SELECT id, views - first_views FROM videos WHERE {of_all}"),  # noqa: S608
        "leaderboard by rate": (
            f"/posts?{days[30]}&metric=engagement_rate",
            f"SELECT id, views, likes, comments, shares FROM videos WHERE {of_all}",  # noqa: S608
        ),
        "leaderboard by total": (f"/posts?{days[30]}&by=total", f"SELECT id, views FROM videos WHERE {of_all}"),  # noqa: S608
        "one post": (
            f"/posts/{_of_last_month(size)}",
            f"SELECT * FROM video_readings WHERE video_id = '{_of_last_month(size)}' ORDER BY captured_at",  # noqa: S608
        ),
    }


def _of_last_month(size: Size) -> UUID:
    """A video that was posted when a twentieth of the days were still to come."""
    return video_id(READ_ALONE, size.videos - max(size.videos // 40, 1), size)


def _window(size: Size, days: int) -> str:
    first = size.last_day - timedelta(days=days - 1)
    return urlencode({"from": first.isoformat(), "to": size.last_day.isoformat()})


def _by_day(size: Size, metric: str, accounts: str, days: int) -> str:
    """What each account had at the end of each day, added up by day."""
    table = "account_readings" if metric == "followers" else "account_totals"
    first = size.last_day - timedelta(days=days - 1)
    return f"""
        SELECT day_of, sum({metric}) FROM (
          SELECT DISTINCT ON (account_id, date_trunc('day', captured_at AT TIME ZONE 'UTC')) account_id,
                 date_trunc('day', captured_at AT TIME ZONE 'UTC') AS day_of, {metric}
          FROM {table} WHERE {accounts} AND captured_at >= '{first}' AND captured_at < '{size.last_day + timedelta(days=1)}'
          ORDER BY account_id, date_trunc('day', captured_at AT TIME ZONE 'UTC'), captured_at DESC
        ) AS last_of_day GROUP BY day_of ORDER BY day_of
    """  # noqa: S608


def main() -> None:
    """Print the figures of the database in DATABASE_URL."""
    size = SHORT if "--short" in sys.argv else Size(LAST_DAY)
    found = figures_of(measure(os.environ["DATABASE_URL"], size), "analytics")
    Console(highlight=False).print(table_of("Milliseconds of a question of one user", found, {}))


if __name__ == "__main__":
    main()
