"""How axes are divided and read."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tiktok_api.analytics.charts.drawing import axes


@pytest.mark.parametrize(
    ("lowest", "highest", "expected"),
    [
        (0, 0, ["0", "1"]),
        (7, 7, ["6", "7", "8"]),
        (0, 5, ["0", "1", "2", "3", "4", "5"]),
        (18_412, 19_203, ["18.4k", "18.6k", "18.8k", "19.0k", "19.2k", "19.4k"]),
        (-12, 31, ["−20", "−10", "0", "10", "20", "30", "40"]),
        (0, 2_804_551, ["0", "1M", "2M", "3M"]),
    ],
)
def test_ticks_are_round_and_told_apart(lowest, highest, expected):
    values = axes.ticks(lowest, highest)

    assert axes.axis_numbers(values, is_rate=False) == expected


def test_rates_are_percentages():
    values = axes.ticks(0.031, 0.052, is_whole=False)

    assert axes.axis_numbers(values, is_rate=True) == [
        "3.0\xa0%",
        "3.5\xa0%",
        "4.0\xa0%",
        "4.5\xa0%",
        "5.0\xa0%",
        "5.5\xa0%",
    ]


@given(ends=st.lists(st.integers(-(10**12), 10**12), min_size=2, max_size=2).map(sorted))
def test_ticks_enclose_the_values_and_their_labels_differ(ends):
    values = axes.ticks(*ends)

    assert values[0] <= ends[0] <= ends[1] <= values[-1]
    assert 2 <= len(values) <= 8
    assert all(one < other for one, other in pairwise(values))
    labels = axes.axis_numbers(values, is_rate=False)
    assert len(set(labels)) == len(labels)


@example(ends=[0.0, 1.2e-12])
@example(ends=[0.05, 0.05 + 1e-10])
@given(ends=st.lists(st.floats(-1, 1), min_size=2, max_size=2).map(sorted))
def test_rates_are_enclosed_too(ends):
    values = axes.ticks(*ends, is_whole=False)

    assert values[0] <= ends[0] + 1e-9
    assert ends[1] - 1e-9 <= values[-1]
    assert len(axes.axis_numbers(values, is_rate=True)) == len(values) <= 8


@given(count=st.integers(1, 400), stride=st.sampled_from([1, 7, 30]))
def test_a_time_axis_never_has_more_than_eight_labels(count, stride):
    dates = [date(2026, 1, 1) + timedelta(days=stride * number) for number in range(count)]

    labels = axes.date_labels(dates)

    assert 1 <= len(labels) <= 8
    assert len({words for _, words in labels}) == len(labels)
