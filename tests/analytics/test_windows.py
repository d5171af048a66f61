"""Windows of time in any zone."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analytics.conftest import instant
from tiktok_api.analytics.errors import WindowBackwards, WindowOutOfRange, WindowTooLong
from tiktok_api.analytics.metrics import Interval
from tiktok_api.analytics.windows import Window, cut, is_of_whole_days, make_window, start_of_day, window_before

ZONES = st.sampled_from(sorted(available_timezones()))
INSTANTS = st.datetimes(datetime(2005, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # naive, as hypothesis wants them
NOW = instant("2026-03-02T12:00Z")


@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), "2026-03-28T23:00Z", 23),
        ("Europe/Berlin", date(2026, 10, 25), "2026-10-24T22:00Z", 25),
        ("America/New_York", date(2026, 11, 1), "2026-11-01T04:00Z", 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), "2026-04-04T13:00Z", 24.5),
        ("Asia/Kathmandu", date(2026, 7, 1), "2026-06-30T18:15Z", 24),
        ("Pacific/Chatham", date(2026, 7, 1), "2026-06-30T11:15Z", 24),
        ("Pacific/Kiritimati", date(2026, 7, 1), "2026-06-30T10:00Z", 24),
        ("Africa/Cairo", date(2026, 4, 24), "2026-04-23T22:00Z", 23),  # midnight itself is skipped
        ("America/Havana", date(2026, 11, 1), "2026-11-01T04:00Z", 25),  # midnight happens twice
    ],
)
def test_a_day_is_as_long_as_its_zone_says(zone, day, begins, hours):
    window = make_window(day, day, timezone=zone, now=NOW)

    assert window.starts_at == instant(begins)
    assert window.ends_at - window.starts_at == timedelta(hours=hours)


def test_a_date_that_a_country_skipped_has_no_length():
    window = make_window(date(2011, 12, 29), date(2011, 12, 31), timezone="Pacific/Apia", now=NOW)

    periods = cut(window, Interval.DAY)

    assert [period.date for period in periods] == [date(2011, 12, 29), date(2011, 12, 31)]


def test_without_dates_it_is_the_last_thirty_days_of_the_zone():
    window = make_window(None, None, timezone="Pacific/Auckland", now=NOW)

    days = cut(window, Interval.DAY)

    assert (days[0].date, days[-1].date, len(days)) == (date(2026, 2, 2), date(2026, 3, 3), 30)


def test_an_instant_ends_a_window_where_it_is():
    window = make_window(date(2026, 3, 1), instant("2026-03-02T10:07:13Z"), timezone="UTC", now=NOW)

    days = cut(window, Interval.DAY)

    assert days[-1].ends_at == instant("2026-03-02T10:07:13Z")
    assert days[-1].starts_at == instant("2026-03-02T00:00Z")


@pytest.mark.parametrize(
    ("interval", "dates"),
    [
        (Interval.WEEK, ["2026-01-28", "2026-02-02", "2026-02-09"]),
        (Interval.MONTH, ["2026-01-28", "2026-02-01"]),
    ],
)
def test_weeks_begin_on_monday_and_months_on_the_first(interval, dates):
    window = make_window(date(2026, 1, 28), date(2026, 2, 10), timezone="Asia/Tokyo", now=NOW)

    assert [period.date.isoformat() for period in cut(window, interval)] == dates


def test_four_hundred_days_are_answered_and_one_more_is_refused():
    last = date(2026, 3, 2)

    days = cut(make_window(last - timedelta(days=399), last, timezone="Europe/Paris", now=NOW), Interval.DAY)

    assert len(days) == 400
    with pytest.raises(WindowTooLong) as refusal:
        cut(make_window(last - timedelta(days=400), last, timezone="Europe/Paris", now=NOW), Interval.DAY)
    assert refusal.value.extra["errors"][0]["parameter"] == "from"


@pytest.mark.parametrize("starts", [date(2026, 3, 3), instant("2026-03-03T00:00Z")])
def test_a_window_that_ends_before_it_begins_is_refused(starts):
    with pytest.raises(WindowBackwards):
        make_window(starts, date(2026, 3, 2), timezone="UTC", now=NOW)


@pytest.mark.parametrize(
    ("starts", "ends"), [(date.min, None), (None, date.max), (None, datetime.max.replace(tzinfo=UTC))]
)
def test_dates_at_the_ends_of_the_calendar_are_refused(starts, ends):
    with pytest.raises(WindowOutOfRange):
        make_window(starts, ends, timezone="Pacific/Kiritimati", now=NOW)


@given(starts=INSTANTS, length=st.timedeltas(timedelta(seconds=1), timedelta(days=399)), zone=ZONES)
def test_pieces_cover_a_window_without_gap_or_overlap(starts, length, zone):
    window = Window(starts, starts + length, zone)

    for interval in Interval:
        periods = cut(window, interval)

        assert (periods[0].starts_at, periods[-1].ends_at) == (window.starts_at, window.ends_at)
        assert all(one.ends_at == other.starts_at for one, other in pairwise(periods))
        assert all(period.starts_at < period.ends_at for period in periods)


@given(moment=INSTANTS, zone=ZONES)
def test_no_instant_is_before_its_own_day(moment, zone):
    day = moment.astimezone(ZoneInfo(zone)).date()

    assert start_of_day(day, ZoneInfo(zone)) <= moment
    # St John's used to turn its clocks at a minute past midnight, which gave some days a second midnight.
    assert moment < start_of_day(day + timedelta(days=1), ZoneInfo(zone)) + timedelta(hours=1)


@pytest.mark.parametrize(
    ("zone", "starts", "ends", "begins"),
    [
        ("Europe/Berlin", date(2026, 3, 3), date(2026, 3, 30), "2026-02-02T23:00Z"),  # 28 days, one of 23 hours
        ("Europe/Berlin", date(2026, 3, 1), date(2026, 3, 31), "2026-01-31T23:00Z"),  # March is compared with February
        ("UTC", date(2026, 1, 1), date(2026, 3, 31), "2025-10-01T00:00Z"),  # a quarter with a quarter
        ("UTC", date(2024, 1, 1), date(2024, 12, 31), "2023-01-01T00:00Z"),  # a leap year with the year before
        ("Pacific/Apia", date(2011, 12, 31), date(2012, 1, 3), "2011-12-26T10:00Z"),  # the 30th there was none
        ("UTC", instant("2026-03-02T06:00Z"), instant("2026-03-02T09:30Z"), "2026-03-02T02:30Z"),
    ],
)
def test_the_window_before_is_as_long_and_ends_where_the_other_begins(zone, starts, ends, begins):
    window = make_window(starts, ends, timezone=zone, now=NOW)

    before = window_before(window)

    assert (before.starts_at, before.ends_at) == (instant(begins), window.starts_at)


@given(
    first=st.dates(date(2005, 1, 1), date(2036, 1, 1)),
    days=st.integers(1, 400),
    zone=st.one_of(ZONES, st.sampled_from(["Pacific/Apia", "Pacific/Fakaofo", "Australia/Lord_Howe"])),
)
def test_the_window_before_has_as_many_local_days_or_whole_months(first, days, zone):
    last = first + timedelta(days=days - 1)
    window = make_window(first, last, timezone=zone, now=NOW)

    before = window_before(window)

    assert before.ends_at == window.starts_at
    kind = Interval.MONTH if first.day == 1 and (last + timedelta(days=1)).day == 1 else Interval.DAY
    assert len(cut(before, kind)) == len(cut(window, kind))
    assert start_of_day(before.starts_at.astimezone(before.zone).date(), before.zone) == before.starts_at


@given(starts=INSTANTS, length=st.timedeltas(timedelta(seconds=1), timedelta(days=399)), zone=ZONES)
def test_of_instants_it_has_the_same_duration(starts, length, zone):
    window = Window(starts, starts + length, zone)

    before = window_before(window)

    assert before.ends_at == window.starts_at
    if not is_of_whole_days(window):
        assert before.ends_at - before.starts_at == length
