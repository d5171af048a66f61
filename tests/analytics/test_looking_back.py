"""What was known at an instant: by the databases' index, and by looking at every reading."""

import random
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.analytics.conftest import instant
from tests.listening import listening
from tiktok_api.analytics import queries
from tiktok_api.analytics.models import AccountReading, AccountTotals
from tiktok_api.analytics.queries import INTERACTIONS
from tiktok_api.db import db, transaction

START = instant("2026-01-01T00:00Z")
NAMES = ["followers", "likes", "views", "shares", INTERACTIONS]


def write_history(account_id, seed, readings=300):
    """Readings of both kinds at random instants of 40 days; answers them by their time."""
    chance = random.Random(seed)
    profiles, tallies = {}, {}
    with transaction() as session:
        for _ in range(readings):
            at = START + timedelta(microseconds=chance.randrange(40 * 86_400 * 10**6))
            count = chance.choice([None, chance.randrange(10**6)])
            profiles[at] = (count, chance.randrange(10**10))
            session.add(AccountReading(account_id=account_id, captured_at=at, followers=count, likes=profiles[at][1]))
            at += timedelta(microseconds=1)
            tallies[at] = [chance.randrange(-5, 10**10) for _ in range(5)]
            names = ("views", "views_gained", "likes_gained", "comments_gained", "shares_gained")
            values = dict(zip(names, tallies[at], strict=True))
            session.add(AccountTotals(account_id=account_id, captured_at=at, videos_counted=1, shares=7, **values))
    return profiles, tallies


def check_against_every_reading(account_id, other_id):
    chance = random.Random(8)
    profiles, tallies = write_history(account_id, seed=1)
    write_history(other_id, seed=2)
    instants = [START + timedelta(seconds=chance.randrange(-86_400, 41 * 86_400)) for _ in range(100)]
    instants += list(profiles)[:20]

    known = queries.snapshots_at(account_id, instants, NAMES)

    for place, moment in enumerate(instants):
        at = max((time for time in profiles if time < moment), default=None)
        if at is None:
            assert known["followers"][place] is None
        else:
            followers, likes = known["followers"][place], known["likes"][place]
            assert (followers.captured_at, followers.value) == (at, profiles[at][0])
            assert (likes.captured_at, likes.total) == (at, profiles[at][1])
        at = max((time for time in tallies if time < moment), default=None)
        if at is None:
            assert known["views"][place] is None
        else:
            views, views_gained, *interactions = tallies[at]
            snapshot = known["views"][place]
            assert (snapshot.captured_at, snapshot.value, snapshot.total) == (at, views, views_gained)
            assert (known["shares"][place].value, known["shares"][place].total) == (7, interactions[-1])
            assert known[INTERACTIONS][place].total == sum(interactions)


def test_sqlite_finds_what_brute_force_finds(app, owner, make_account):
    mine, other = make_account(owner), make_account(owner)

    with app.app_context():
        check_against_every_reading(UUID(mine), UUID(other))


@pytest.mark.postgres
def test_postgresql_finds_what_brute_force_finds(on_postgresql, account_on):
    mine, other = account_on(on_postgresql), account_on(on_postgresql)

    with on_postgresql.app_context():
        check_against_every_reading(mine, other)


def test_sqlite_seeks_in_the_index_and_never_scans(app, owner, make_account):
    account_id = UUID(make_account(owner))

    with app.app_context():
        write_history(account_id, seed=1)
        plan = explain(account_id, "EXPLAIN QUERY PLAN ")

    assert plan.count("COVERING INDEX") + plan.count("USING INDEX") >= 4
    assert not [line for line in plan.splitlines() if "SCAN" in line and "asked" not in line]


@pytest.mark.postgres
def test_postgresql_seeks_in_the_index_and_never_scans(on_postgresql, account_on):
    account_id = account_on(on_postgresql)

    with on_postgresql.app_context():
        write_history(account_id, seed=1, readings=600)
        db.session.execute(text("analyze"))
        plan = explain(account_id, "EXPLAIN ")

    assert "Seq Scan" not in plan
    assert plan.count("Index") >= 4


def explain(account_id, how):
    asked = []

    def note(_connection, _cursor, statement, parameters, *_):
        asked.append((statement, parameters))

    with listening(db.engine, "before_cursor_execute", note):
        queries.snapshots_at(account_id, [START + timedelta(days=day) for day in range(90)], ("followers", "views"))
    [(statement, parameters)] = [each for each in asked if each[0] != "BEGIN"]
    rows = db.session.connection().exec_driver_sql(how + statement, parameters)
    return "\n".join(str(row[-1]) for row in rows)
