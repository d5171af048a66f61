"""Handling an event: TikTok is asked first, and only what it confirms is applied."""

from uuid import UUID

from sqlalchemy import select, update

from tiktok_api import clock
from tiktok_api.accounts.errors import AccountNeedsReconnection
from tiktok_api.accounts.models import BASIC_SCOPE, Account, AccountStatus
from tiktok_api.accounts.rate_limits import AppCall
from tiktok_api.accounts.services import has_lost_its_grant
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.accounts.tokens import mark_reconnection
from tiktok_api.db import db, end_reading, transaction
from tiktok_api.errors import NotFound
from tiktok_api.posts.listeners import find_publication, look_again
from tiktok_api.posts.matching import videos
from tiktok_api.posts.publishing import takedowns
from tiktok_api.webhooks.models import TikTokEvent

REMOVED = "authorization.removed"
TAKEN_DOWN = "post.publish.no_longer_publicaly_available"  # TikTok's spelling
AVAILABLE = "post.publish.publicly_available"
AUTHORIZATION_REMOVED = "authorization_removed"


def handle(event_id: UUID, vault: TokenVault) -> None:
    """Ask TikTok about an event and apply what it confirms. Doing so twice changes nothing."""
    event = db.session.get(TikTokEvent, event_id)
    if event is None or event.handled_at is not None:
        return
    name, open_id, publish_id = event.event, event.open_id, event.content.get("publish_id")
    post_id = event.content.get("post_id")
    end_reading()
    if name == REMOVED:
        outcome = _confirm_removal(open_id, vault)
    elif name.startswith("post.publish.") and isinstance(publish_id, str) and open_id:
        outcome = _look_at_publication(name, open_id, publish_id, post_id, vault)
    else:
        outcome = "kept"
    with transaction() as session:
        session.execute(
            update(TikTokEvent).where(TikTokEvent.id == event_id).values(handled_at=clock.now(), outcome=outcome)
        )


def _confirm_removal(open_id: str | None, vault: TokenVault) -> str:
    """Ask TikTok with the account's own token; only if the token is refused is the account marked."""
    account = db.session.execute(
        select(Account.id, Account.token_version).where(Account.open_id == open_id, Account.taken_over_at.is_(None))
    ).one_or_none()
    end_reading()
    if account is None:
        return "unknown_account"
    try:
        vault.read(
            account.id,
            AppCall.USER_INFO,
            lambda token: vault.tiktok.fetch_user_info(token, scopes=(BASIC_SCOPE,)),
        )
    except AccountNeedsReconnection:
        with transaction():
            is_over = has_lost_its_grant(account.id)
            if is_over:
                mark_reconnection(
                    account.id, AUTHORIZATION_REMOVED, status=AccountStatus.REVOKED, token_version=account.token_version
                )
        return "account_revoked" if is_over else "not_confirmed"
    except NotFound:
        return "unknown_account"
    return "not_confirmed"


def _look_at_publication(name: str, open_id: str, publish_id: str, post_id: object, vault: TokenVault) -> str:
    with transaction():
        publication_id = find_publication(publish_id, open_id=open_id)
        if publication_id is None:
            return "unknown_publication"
        if name != TAKEN_DOWN:
            look_again(publication_id)
    reported = post_id if isinstance(post_id, str) else None
    if name == AVAILABLE and reported is not None:
        is_known = videos.confirm_reported(publication_id, reported, vault)
        return "post_id_confirmed" if is_known else "looked_again"
    if name != TAKEN_DOWN:
        return "looked_again"
    is_confirmed = takedowns.confirm(publication_id, reported, vault)
    return "taken_down" if is_confirmed else "not_confirmed"
