"""Sums over accounts by rows of days and by seeks: two ways to the same numbers."""

import random
from datetime import date, timedelta
from itertools import accumulate
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete

from tests.analytics.conftest import an_account
from tests.databases import on_each_database
from tiktok_api.analytics.collection import days
from tiktok_api.analytics.metrics import Interval
from tiktok_api.analytics.models import AccountReading, AccountTotals
from tiktok_api.analytics.queries import INTERACTIONS, VIDEO_LIKES
from tiktok_api.analytics.sums import by_day, unbroken
from tiktok_api.analytics.sums.both_windows import gathered_over
from tiktok_api.analytics.sums.comparison import gather
from tiktok_api.analytics.sums.points import add_up, together
from tiktok_api.analytics.sums.seeks import histories_at
from tiktok_api.analytics.windows import Period, Window, cut, last_day, start_of_day
from tiktok_api.auth.models import User
from tiktok_api.db import db, new_id, transaction

NAMES = ["followers", "likes", "views", "comments", VIDEO_LIKES, INTERACTIONS]
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Cairo"]
PROFILE, VIDEOS = ("followers", "likes"), ("views", "likes", "comments", "shares")


@pytest.fixture
def database(make_app, each_database_url):
    app = make_app(database_url=each_database_url)
    with app.app_context():
        yield app
        db.session.remove()


def accounts_with_histories(
    chance: random.Random, zone: str, first: date, number_of_days: int, **how_read: Any
) -> list[UUID]:
    """Some accounts, read at random times of random days: with gaps, counters that are left out, and drops."""
    user = User(email="a@example.com", email_key=str(new_id()), password_hash="", timezone=zone)
    with transaction() as session:
        session.add(user)
        session.flush()
        accounts = [an_account(user.id) for _ in range(chance.randint(1, 6))]
        session.add_all(accounts)
        session.flush()
        for account in accounts:
            for ledger in (AccountReading, AccountTotals):
                session.add_all(rows_of(chance, ledger, account.id, zone, first, number_of_days, **how_read))
            session.flush()
            days.count_days(account.id)
    return [account.id for account in accounts]


def rows_of(chance, ledger, account_id, zone, first, number_of_days, densities=(0.0, 0.3, 1.5, 4.0), nulls=0.1):
    begins, density = start_of_day(first, ZoneInfo(zone)), chance.choice(densities)
    size = int(density * number_of_days)
    instants = sorted(
        {begins + timedelta(seconds=chance.randrange(-86_400 * 5, 86_400 * number_of_days)) for _ in range(size)}
    )
    names = PROFILE if ledger is AccountReading else VIDEOS
    counters = {name: [chance.randrange(-20, 100) for _ in instants] for name in names}
    for place, at in enumerate(instants):
        facts = {}
        for name in names:
            steps = list(accumulate(counters[name][: place + 1], initial=1_000))
            facts[name] = None if ledger is AccountReading and chance.random() < nulls else steps[-1]
            facts[f"{name}_drops"] = sum(step < 0 for step in counters[name][: place + 1])
            if ledger is AccountTotals:
                facts[f"{name}_gained"] = steps[-1] - 700
        if ledger is AccountTotals:
            facts["videos_counted"] = 1
        yield ledger(account_id=account_id, captured_at=at, **facts)


@on_each_database
@pytest.mark.parametrize("seed", range(12))
def test_rows_of_days_and_seeks_add_up_to_the_same(database, seed):
    chance = random.Random(seed)
    zone = ZONES[seed % len(ZONES)]
    first, length = date(2026, chance.choice([3, 4, 10, 11]), chance.randint(1, 28)), chance.randint(1, 45)
    ids = accounts_with_histories(chance, zone, first, length + 3)
    starts, ends = (start_of_day(day, ZoneInfo(zone)) for day in (first, first + timedelta(days=length)))
    window = Window(starts, ends, zone)

    for interval in Interval:
        periods, in_turn = cut(window, interval), interval is Interval.DAY
        by_rows = by_day.ledgers_of(ids, window, periods, interval, NAMES, valued=NAMES, in_turn=in_turn)
        bounds = [starts, *(each.ends_at for each in periods)]
        histories = histories_at(ids, bounds, NAMES, is_series=True)
        local_days = [bound.astimezone(window.zone).date() for bound in bounds]
        assert histories_at(ids, bounds, NAMES, is_series=True, days=local_days) == histories
        by_seeks = {name: add_up(periods, histories[name].values(), zone=window.zone) for name in NAMES}
        if not in_turn:
            for ledger in by_seeks.values():
                for added in ledger.periods:
                    added.in_turn = added.change_in_turn = 0

        for name in NAMES:
            assert (by_rows[name].value, by_rows[name].known) == (by_seeks[name].value, by_seeks[name].known)
            assert [*zip(periods, by_rows[name].periods, strict=True)] == [
                *zip(periods, by_seeks[name].periods, strict=True)
            ]

        without_values = by_day.ledgers_of(ids, window, periods, interval, NAMES, valued=(), in_turn=in_turn)
        for name in NAMES:
            pairs = zip(without_values[name].periods, by_rows[name].periods, strict=True)
            assert all(one.change == other.change and one.in_turn == other.in_turn for one, other in pairs)
            assert without_values[name].known == by_rows[name].known


@on_each_database
@pytest.mark.parametrize("seed", range(4))
def test_accounts_without_gaps_add_up_to_the_same_in_the_simpler_way(database, seed):
    chance = random.Random(seed)
    zone = ZONES[seed % len(ZONES)]
    first, length = date(2026, chance.choice([3, 4, 10, 11]), chance.randint(1, 28)), chance.randint(10, 30)
    ids = accounts_with_histories(chance, zone, first, length + 3, densities=[1.5, 4.0], nulls=0.01)
    ids += accounts_with_histories(chance, zone, first, length - seed % 2, densities=[14.0], nulls=0.0)
    starts, ends = (start_of_day(day, ZoneInfo(zone)) for day in (first, first + timedelta(days=length)))
    window = Window(starts, ends, zone)

    for interval in Interval:
        periods, in_turn = cut(window, interval), interval is Interval.DAY
        ways = {"valued": NAMES, "in_turn": in_turn}
        by_rows = by_day.ledgers_of(ids, window, periods, interval, NAMES, **ways)
        days_of_ends = [first - timedelta(days=1), *(last_day(period, window.zone) for period in periods)]
        for names in (["followers", "likes"], NAMES[2:]):
            counted, rest = unbroken.add_up(ids, days_of_ends, names, **ways)
            if in_turn or seed % 2 == 0:  # only of days may the last be missing
                assert len(rest) < len(ids)
            others = by_day.ledgers_of(rest, window, periods, interval, names, **ways)
            for name in names:
                assert together([counted[name], others[name]]) == by_rows[name]


@on_each_database
@pytest.mark.parametrize("seed", range(12))
def test_the_database_adds_up_two_windows_as_histories_do(database, seed):
    chance = random.Random(seed)
    zone = ZONES[seed % len(ZONES)]
    first, length = date(2026, chance.choice([3, 4, 10, 11]), chance.randint(1, 28)), chance.randint(1, 15)
    ids = accounts_with_histories(chance, zone, first, 2 * length + 3)
    local_days = [first, first + timedelta(days=length), first + timedelta(days=2 * length)]
    bounds = [start_of_day(day, ZoneInfo(zone)) for day in local_days]
    both = Period(first, *bounds[:2]), Period(local_days[1], *bounds[1:])

    histories = histories_at(ids, bounds, NAMES)
    by_histories = {name: gather(both, histories[name].values()) for name in NAMES}

    for days_given in (None, local_days):
        added_up = gathered_over(ids, both, NAMES, days=days_given)
        assert added_up == {name: by_histories[name] for name in added_up}
        assert {*NAMES} - {*added_up} <= {*PROFILE}


@on_each_database
def test_what_was_left_out_of_a_reading_that_counts_is_not_added_up(database):
    [account_id, *_] = accounts_with_histories(random.Random(1), "UTC", date(2026, 3, 1), 3)
    with transaction() as session:
        session.execute(delete(AccountReading))
        at = start_of_day(date(2026, 3, 2), ZoneInfo("UTC"))
        session.add(AccountReading(account_id=account_id, captured_at=at, followers=None, likes=4))
    bounds = [at - timedelta(days=1), at - timedelta(hours=1), at + timedelta(hours=1)]
    both = Period(date(2026, 3, 1), *bounds[:2]), Period(date(2026, 3, 1), *bounds[1:])

    added_up = gathered_over([account_id], both, ["followers", "likes"])

    assert "followers" not in added_up
    assert (added_up["likes"].value, added_up["likes"].read, added_up["likes"].in_change) == (4, 1, 0)
