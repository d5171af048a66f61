"""One answer that fills a screen."""

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
    histories = summary.read(question)
    followers = histories[Metric.FOLLOWERS] if question.can_tell(Metric.FOLLOWERS) else {}
    accounts = sorted(question.selection.accounts, key=lambda each: _size(followers.get(each.id)), reverse=True)
    counts = publications.count_publications(question)
    states = overview.count_accounts(question)
    return {
        **summary.describe(question, histories),
        "posts": {name: counts[name] for name in ("published", "scheduled")},
        "accounts": states,
        **overview.top_posts(question),
        "series": {"followers": points[Metric.FOLLOWERS], "views": points[Metric.VIEWS]},
        "largest_accounts": [_show(question, each, followers.get(each.id)) for each in accounts[:MOST_ACCOUNTS]],
        "next_posts": publications.next_posts(question, NEXT_POSTS),
        "attention": {
            "accounts_to_reconnect": states["to_reconnect"],
            "accounts_in_error": states["error"],
            "held": counts["held"],
            "unconfirmed": counts["unconfirmed"],
        },
    }


def _size(history: History | None) -> int:
    last = history[2] if history else None
    return (last.value or 0) if last else -1


def _show(question: Question, account: SelectedAccount, history: History | None) -> dict[str, Any]:
    first, last = (history[1], history[2]) if history else (None, None)
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
    last = history[2] if history else None
    if not question.can_tell(Metric.FOLLOWERS):
        return Reason.NOT_BY_LABEL
    if last is None:
        return Reason.NOT_READ_YET if question.is_granted(Metric.FOLLOWERS, [account.id]) else Reason.SCOPE_MISSING
    if last.captured_at < question.window.starts_at:
        return Reason.NO_READING_IN_WINDOW
    return None if history and history[1] else Reason.NO_READING_BEFORE_WINDOW
