"""One answer that fills a screen."""

from collections.abc import Sequence
from typing import Any

from tiktok_api.analytics import windows
from tiktok_api.analytics.figures import overview, publications, summary
from tiktok_api.analytics.metrics import Interval, Metric, Reason
from tiktok_api.analytics.selection import SelectedAccount
from tiktok_api.analytics.sums import series
from tiktok_api.analytics.sums.comparison import change_of
from tiktok_api.analytics.sums.points import History
from tiktok_api.analytics.sums.question import Question

MOST_ACCOUNTS, NEXT_POSTS = 50, 5


def show_dashboard(question: Question) -> dict[str, Any]:
    """The overview, two series, the largest accounts, what goes out next, and what a person must look after.

    Raises WindowTooLong, TooManyReadings.
    """
    periods = windows.cut(question.window, Interval.DAY)
    points = series.series_of(question, periods, Interval.DAY, [Metric.FOLLOWERS, Metric.VIEWS])
    counts = publications.count_publications(question)
    states = overview.count_accounts(question)
    return {
        **summary.summarise(question),
        "posts": {name: counts[name] for name in ("published", "scheduled")},
        "accounts": states,
        **overview.top_posts(question),
        "series": {"followers": points[Metric.FOLLOWERS], "views": points[Metric.VIEWS]},
        "largest_accounts": _largest_accounts(question),
        "next_posts": publications.next_posts(question, NEXT_POSTS),
        "attention": {
            "accounts_to_reconnect": states["to_reconnect"],
            "accounts_in_error": states["error"],
            "held": counts["held"],
            "unconfirmed": counts["unconfirmed"],
        },
    }


def _largest_accounts(question: Question) -> list[dict[str, Any]]:
    """The accounts with the most followers; those that were never read come last."""
    accounts = question.selection.accounts
    if not question.can_tell(Metric.FOLLOWERS):
        return [_show(question, each, None) for each in accounts[:MOST_ACCOUNTS]]
    instants, followers = [question.window.starts_at, question.window.ends_at], [Metric.FOLLOWERS]
    largest: Sequence[SelectedAccount] = accounts
    if len(accounts) > MOST_ACCOUNTS:
        last = question.histories(instants[1:], followers)[Metric.FOLLOWERS]
        sizes = {account_id: (history[0].value or 0) if history[0] else -1 for account_id, history in last.items()}
        largest = sorted(accounts, key=lambda each: sizes.get(each.id, -1), reverse=True)[:MOST_ACCOUNTS]
    known = question.histories(instants, followers, only=[each.id for each in largest])[Metric.FOLLOWERS]
    return [
        _show(question, each, known.get(each.id))
        for each in sorted(largest, key=lambda each: -_size(known.get(each.id)))
    ]


def _size(history: History | None) -> int:
    last = history[1] if history else None
    return (last.value or 0) if last else -1


def _show(question: Question, account: SelectedAccount, history: History | None) -> dict[str, Any]:
    first, last = history or (None, None)
    is_read = last is not None and last.captured_at >= question.window.starts_at
    return {
        "account_id": account.id,
        "username": account.username,
        "name": account.name,
        "status": account.status,
        "status_reason": account.status_reason,
        "is_to_reconnect": overview.has_lost_its_grant(question, account),
        "followers": last.value if last and is_read else None,
        "change": change_of(first, last, question.whole),
        "captured_at": last.captured_at if last else None,
        "reason": _reason(question, account, history),
    }


def _reason(question: Question, account: SelectedAccount, history: History | None) -> Reason | None:
    first, last = history or (None, None)
    if not question.can_tell(Metric.FOLLOWERS):
        return Reason.NOT_BY_LABEL
    if last is None:
        return Reason.NOT_READ_YET if question.is_granted(Metric.FOLLOWERS, [account.id]) else Reason.SCOPE_MISSING
    if last.captured_at < question.window.starts_at:
        return Reason.NO_READING_IN_WINDOW
    return None if first else Reason.NO_READING_BEFORE_WINDOW
