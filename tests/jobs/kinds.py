"""Kinds of promises that exist for tests alone; what they do is the test's choice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tiktok_api.jobs.registry import Again, Ticket, task

does: dict[str, Callable[[Ticket], Any]] = {}


def _do(ticket: Ticket) -> Again | None:
    answer: Again | None = does.get(ticket.kind, lambda _: None)(ticket)
    return answer


@task("tests.anything", most_failures=3)
def do_anything(ticket: Ticket) -> Again | None:
    return _do(ticket)


@task("tests.daily", most_failures=3, every=lambda _settings: timedelta(days=1))
def do_daily(ticket: Ticket) -> Again | None:
    return _do(ticket)
