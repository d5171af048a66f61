"""Every metric of several accounts over a window, against the window before."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from tiktok_api.analytics.metrics import Metric
from tiktok_api.analytics.queries import INTERACTIONS
from tiktok_api.analytics.sums import comparison
from tiktok_api.analytics.sums.comparison import Gathered, compare, gather
from tiktok_api.analytics.sums.question import Question
from tiktok_api.analytics.sums.seeks import Histories

COMPARED = (*(str(metric) for metric in Metric if metric is not Metric.ENGAGEMENT_RATE), INTERACTIONS)
"""What is read for a summary; the rate is made of it."""


def summarise(question: Question) -> dict[str, Any]:
    """Every metric, for SumsSchema. Raises TooManyReadings."""
    return _describe(question, question.gathered(COMPARED), None)


def read(question: Question) -> Histories:
    """What the accounts had when the window before began, when it ended, and when the window ended. Raises TooManyReadings."""
    before, window = question.both
    return question.histories([before.starts_at, window.starts_at, window.ends_at], COMPARED)


def describe(question: Question, histories: Histories, only: Collection[UUID]) -> dict[str, Any]:
    """Every metric of `only` some accounts, out of what was read."""
    known = {
        name: gather(question.both, [of_name[each] for each in only if each in of_name])
        for name, of_name in histories.items()
    }
    return _describe(question, known, only)


def _describe(question: Question, known: Mapping[str, Gathered], only: Collection[UUID] | None) -> dict[str, Any]:
    accounts = len(question.account_ids if only is None else only)
    found: dict[str, Any] = {}
    for name in COMPARED:
        if question.can_tell(name):
            is_granted = question.is_granted(name, only)
            found[name] = compare(
                question.whole, known[name], accounts=accounts, now=question.now, is_granted=is_granted
            )
        else:
            found[name] = comparison.not_by_label(accounts)
    found[Metric.ENGAGEMENT_RATE] = comparison.compare_rates(found[Metric.VIEWS], found[INTERACTIONS])
    return {"window": question.window, "before": question.before, **found}
