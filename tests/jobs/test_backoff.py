"""The pause after failures in a row"""

from tiktok_api.jobs.backoff import backoff


def test_a_pause_doubles_with_each_failure_up_to_the_longest():
    pauses = [backoff(failures, first=2.0, longest=30.0) for failures in range(6)]

    assert pauses == [2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_the_factor_may_be_another():
    assert [backoff(failures, first=4.0, longest=900.0, factor=4.0) for failures in range(3)] == [4.0, 16.0, 64.0]


def test_a_month_of_failures_is_the_longest_pause():
    assert backoff(1_000_000, first=2.0, longest=3600.0) == 3600.0
