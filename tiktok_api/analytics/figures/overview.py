"""All of a selection at a glance: every metric, the best posts, what went out, what is planned, and how the accounts are."""

from collections import Counter
from typing import Any

from tiktok_api.accounts.models import AccountStatus
from tiktok_api.analytics.figures import publications, summary
from tiktok_api.analytics.selection import SelectedAccount
from tiktok_api.analytics.sums.question import Question
from tiktok_api.analytics.videos import leaderboard

TOP_POSTS = 5


def show_overview(question: Question) -> dict[str, Any]:
    """Every metric against the window before, and what is around it, for OverviewSchema. Raises TooManyReadings."""
    return {
        **summary.summarise(question),
        "posts": publications.count_publications(question),
        "accounts": count_accounts(question),
        "top_posts": top_posts(question),
    }


def top_posts(question: Question) -> list[dict[str, Any]]:
    """The posts that gained most views in the window. Raises TooManyReadings."""
    owner_id = question.caller.user_id
    return leaderboard.top_posts(owner_id, question.selection, question.window, limit=TOP_POSTS)


def count_accounts(question: Question) -> dict[str, int]:
    """How many accounts there are, and by their state."""
    accounts = question.selection.accounts
    states = Counter(account.status for account in accounts)
    return {
        "total": len(accounts),
        **{status.value: states[status] for status in AccountStatus},
        "to_reconnect": sum(has_lost_its_grant(question, account) for account in accounts),
        "never_read": sum(account.day_zone is None for account in accounts),
    }


def has_lost_its_grant(question: Question, account: SelectedAccount) -> bool:
    """Whether only its creator can bring it back, by consenting again."""
    return not account.is_connected or account.refresh_expires_at <= question.now
