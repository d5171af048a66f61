"""What a post needs a person to have granted: checked when it is scheduled, not only when its time has come."""

from collections.abc import Mapping
from uuid import UUID

from tiktok_api import clock
from tiktok_api.accounts.models import INBOX_SCOPE, PUBLISHING_SCOPE, Account
from tiktok_api.posts.models import Post, Publication
from tiktok_api.posts.preflight.rules import PostFinding
from tiktok_api.posts.schedule import written
from tiktok_api.posts.vocabulary import PostMode

NEEDS_RECONNECTION = "account_needs_reconnection"
SCOPE_MISSING = "scope_missing"
GRANT_EXPIRED = "grant_expired"
GRANT_REASONS = frozenset({NEEDS_RECONNECTION, SCOPE_MISSING})
_NEEDED = {PostMode.DIRECT: PUBLISHING_SCOPE, PostMode.INBOX: INBOX_SCOPE}  # TikTok's page on scopes


def scope_for(mode: PostMode) -> str:
    """Returns the scope without which TikTok takes no such post."""
    return _NEEDED[PostMode(mode)]


def missing_grant(account: Account, mode: PostMode) -> str | None:
    """Returns why nothing can be posted for the account, by what is known here; None: nothing is missing."""
    if not account.is_connected:
        return NEEDS_RECONNECTION
    return None if scope_for(mode) in account.scopes else SCOPE_MISSING


def expired_grant(account: Account) -> str | None:
    """Returns GRANT_EXPIRED if neither of the account's tokens is of use any more, by the lifetimes that TikTok gave them."""
    return GRANT_EXPIRED if max(account.refresh_expires_at, account.access_expires_at) <= clock.now() else None


def check_grants(post: Post, targets: Mapping[int, Publication], accounts: Mapping[UUID, Account]) -> list[PostFinding]:
    """Returns a finding for each target whose account must be connected again before anything can go out on it."""
    found = []
    for position, publication in targets.items():
        account = accounts.get(publication.account_id) if publication.account_id else None
        missing = missing_grant(account, post.mode) or expired_grant(account) if account else None
        if account is None or missing is None:
            continue
        needed, pointer = scope_for(post.mode), f"/targets/{position}/account_id"
        if missing == GRANT_EXPIRED:
            message = "The account's authorisation has run out; connect it again."
            ended_at = written(account.refresh_expires_at)
            found.append(_finding(missing, pointer, message, ended_at, None, account))
        elif missing == SCOPE_MISSING:
            message = f"The account did not grant {needed}, which a post in {post.mode} mode needs; connect it again."
            found.append(_finding(missing, pointer, message, sorted(account.scopes), [needed], account))
        else:
            message = "TikTok no longer accepts this account's authorisation; connect it again."
            found.append(_finding(missing, pointer, message, str(account.status), ["active"], account))
    return found


def _finding(code: str, pointer: str, message: str, found: object, allowed: object, account: Account) -> PostFinding:
    return PostFinding(code=code, pointer=pointer, message=message, found=found, allowed=allowed, account_id=account.id)
