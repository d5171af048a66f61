"""All of a selection at a glance: every metric, the best posts, what went out, what is planned, and how the accounts are."""

from collections import Counter
from typing import Any

from tiktok_api.accounts.models import AccountStatus
from tiktok_api.analytics.figures import publications, summary
from tiktok_api.analytics.selection import SelectedAccount
from tiktok_api.analytics.sums.question import Question
from tiktok_api.analytics.videos import leaderboard
from tiktok_api.analytics.videos.vocabulary import RankedBy

TOP_POSTS = 5


def show_overview(question: Question) -> dict[str, Any]:
    """Every metric against the window before, and what is around it, for OverviewSchema. Raises TooManyReadings."""
    return {
        **summary.summarise(question),
        "posts": publications.count_publications(question),
        "accounts": count_accounts(question),
        **top_posts(question),
    }


def top_posts(question: Question) -> dict[str, Any]:
    """The posts that gained most views in the window, and `by` what they are ranked. Raises TooManyReadings.

    Where no account was read before the window, as in the first weeks, nothing is known to be gained: then by all views.
    """
    asked = (question.caller.user_id, question.selection, question.window)
    ways: dict[str, Any] = {
        "limit": TOP_POSTS,
        "labelled": None if question.selection.labels is None else question.positions,
    }
    found = leaderboard.top_posts(*asked, **ways)
    if found:
        return {"top_posts": found, "top_posts_by": RankedBy.GAINED}
    return {
        "top_posts": leaderboard.top_posts(*asked, **ways, by=RankedBy.TOTAL),
        "top_posts_by": RankedBy.TOTAL,
    }


def count_accounts(question: Question) -> dict[str, int]:
    """How many accounts there are, and by their state."""
    accounts = question.selection.accounts
    states = Counter(account.status for account in accounts)
    return {
        "total": len(accounts),
        **{status.value: states[status] for status in AccountStatus},
        "to_reconnect": sum(has_lost_its_grant(question, account) for account in accounts),
        "never_read": sum(not account.was_read for account in accounts),
    }


def has_lost_its_grant(question: Question, account: SelectedAccount) -> bool:
    """Whether only its creator can bring it back, by consenting again."""
    return not account.is_connected or account.refresh_expires_at <= question.now
