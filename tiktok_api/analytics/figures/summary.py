"""Every metric of several accounts over a window, against the window before."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from tiktok_api.analytics.metrics import Metric
from tiktok_api.analytics.queries import INTERACTIONS
from tiktok_api.analytics.sums import comparison
from tiktok_api.analytics.sums.comparison import Comparison, compare
from tiktok_api.analytics.sums.points import History
from tiktok_api.analytics.sums.question import Question
from tiktok_api.analytics.sums.seeks import Histories

COMPARED = (*(str(metric) for metric in Metric if metric is not Metric.ENGAGEMENT_RATE), INTERACTIONS)
"""What is read for a summary; the rate is made of it."""


def summarise(question: Question) -> dict[str, Any]:
    """Every metric, for SumsSchema. Raises TooManyReadings."""
    return describe(question, read(question))


def read(question: Question) -> Histories:
    """What the accounts had when the window before began, when it ended, and when the window ended."""
    before, window = question.both
    return question.histories([before.starts_at, window.starts_at, window.ends_at], COMPARED)


def describe(question: Question, histories: Histories, only: Collection[UUID] | None = None) -> dict[str, Any]:
    """Every metric out of what was read, of all accounts or of `only` some of them."""
    found: dict[str, Any] = {name: _compare(question, histories, name, only) for name in COMPARED}
    found[Metric.ENGAGEMENT_RATE] = comparison.compare_rates(found[Metric.VIEWS], found[INTERACTIONS])
    return {"window": question.window, "before": question.before, **found}


def _compare(question: Question, histories: Histories, name: str, only: Collection[UUID] | None) -> Comparison:
    accounts = len(question.account_ids if only is None else only)
    if not question.can_tell(name):
        return comparison.not_by_label(accounts)
    known = histories[name]
    chosen: list[History] = [*known.values()] if only is None else [known[each] for each in only if each in known]
    return compare(
        question.both, chosen, accounts=accounts, now=question.now, is_granted=question.is_granted(name, only)
    )
