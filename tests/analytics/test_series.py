"""Values and changes from cumulative readings."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analytics.conftest import instant
from tiktok_api.analytics.metrics import Interval, Reason
from tiktok_api.analytics.series import Snapshot, measure, rate
from tiktok_api.analytics.windows import Period, Window, cut

START = instant("2026-03-02T00:00Z")
NOW = instant("2026-04-01T00:00Z")


def a_day(number: int = 0) -> Period:
    begins = START + timedelta(days=number)
    return Period(begins.date(), begins, begins + timedelta(days=1))


def a_snapshot(hours: float, value: int | None, total: int | None = None, drops: int = 0) -> Snapshot:
    return Snapshot(START + timedelta(hours=hours), value, value if total is None else total, drops)


@pytest.mark.parametrize(
    ("before", "last", "value", "change", "reason"),
    [
        (a_snapshot(-1, 100), a_snapshot(23, 130), 130, 30, None),
        (a_snapshot(-500, 100), a_snapshot(23, 130), 130, 30, None),
        (a_snapshot(-1, 100), a_snapshot(23, 90, drops=1), 90, -10, None),
        (a_snapshot(-1, 500, total=40), a_snapshot(23, 300, total=55), 300, 15, None),
        (a_snapshot(-1, 0), a_snapshot(0, 0), 0, 0, None),
        (None, a_snapshot(23, 130), 130, None, Reason.NO_READING_BEFORE_WINDOW),
        (a_snapshot(-1, None), a_snapshot(23, 130), 130, None, Reason.NO_READING_BEFORE_WINDOW),
        (a_snapshot(-1, 100), a_snapshot(-1, 100), None, None, Reason.NO_READING_IN_WINDOW),
        (a_snapshot(-1, 100), a_snapshot(23, None), None, None, Reason.LEFT_OUT_BY_TIKTOK),
        (None, None, None, None, Reason.NOT_READ_YET),
    ],
)
def test_a_period_has_its_last_reading_and_the_change_since_the_one_before(before, last, value, change, reason):
    (point,) = measure([a_day()], [before, last], now=NOW)

    assert (point.value, point.change, point.reason) == (value, change, reason)
    assert point.captured_at == (last.captured_at if value is not None else None)
    assert point.changed_since == (before.captured_at if change is not None else None)


def test_without_the_scope_that_is_the_reason():
    (point,) = measure([a_day()], [None, None], now=NOW, is_granted=False)

    assert point.reason is Reason.SCOPE_MISSING


def test_readings_from_before_a_withdrawn_scope_are_still_shown():
    (point,) = measure([a_day()], [a_snapshot(-1, 1), a_snapshot(3, 2)], now=NOW, is_granted=False)

    assert (point.value, point.change) == (2, 1)


def test_tomorrow_is_not_a_gap():
    today, tomorrow = measure(
        [a_day(0), a_day(1)], [None, a_snapshot(3, 5), a_snapshot(3, 5)], now=START + timedelta(hours=4)
    )

    assert today.value == 5
    assert tomorrow.reason is Reason.IN_THE_FUTURE


def test_a_drop_is_marked_where_it_happened_and_nowhere_else():
    snapshots = [a_snapshot(-1, 9), a_snapshot(1, 10), a_snapshot(25, 8, drops=1), a_snapshot(49, 12, drops=1)]

    points = measure([a_day(0), a_day(1), a_day(2)], snapshots, now=NOW)

    assert [point.is_restated for point in points] == [False, True, False]
    assert [point.value for point in points] == [10, 8, 12]


@pytest.mark.parametrize(
    ("views", "interactions", "value", "reason"),
    [
        (1000, 84, 0.084, None),
        (3, 1, 0.333333, None),
        (0, 0, None, Reason.NO_VIEWS),
        (-50, 3, None, Reason.NO_VIEWS),
    ],
)
def test_the_rate_is_interactions_by_views_and_null_without_views(views, interactions, value, reason):
    seen = measure([a_day()], [a_snapshot(-1, 0), a_snapshot(3, views)], now=NOW)
    done = measure([a_day()], [a_snapshot(-1, 0), a_snapshot(3, interactions)], now=NOW)

    (point,) = rate(seen, done)

    assert (point.value, point.reason) == (value, reason)


def test_the_rate_has_the_reason_of_what_is_missing():
    seen = measure([a_day()], [None, a_snapshot(3, 5)], now=NOW)

    (point,) = rate(seen, seen)

    assert (point.value, point.reason) == (None, Reason.NO_READING_BEFORE_WINDOW)


READINGS = st.dictionaries(
    st.integers(-100, 24 * 40), st.integers(0, 10_000), min_size=1
)  # hours since the start, and the total then


@given(
    readings=READINGS,
    days=st.integers(1, 40),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe"]),
    interval=st.sampled_from(Interval),
)
def test_changes_of_the_pieces_add_up_to_the_change_of_the_whole(readings, days, zone, interval):
    window = Window(START, START + timedelta(days=days), zone)
    snapshots = [a_snapshot(hour, value) for hour, value in sorted(readings.items())]

    def known_before(moment):
        return next((snapshot for snapshot in reversed(snapshots) if snapshot.captured_at < moment), None)

    periods = cut(window, interval)
    points = measure(periods, [known_before(START), *(known_before(p.ends_at) for p in periods)], now=NOW)
    whole = Period(date(2026, 3, 2), window.starts_at, window.ends_at)
    (total,) = measure([whole], [known_before(START), known_before(window.ends_at)], now=NOW)

    if total.change is not None:
        assert sum(point.change or 0 for point in points) == total.change
    assert any(point.value is not None for point in points) == (total.value is not None)
    for point, period in zip(points, periods, strict=True):
        inside = [snapshot for snapshot in snapshots if period.starts_at <= snapshot.captured_at < period.ends_at]
        assert point.value == (inside[-1].value if inside else None)
