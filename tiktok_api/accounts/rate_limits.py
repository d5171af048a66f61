"""Whose turn it is to ask TikTok how a post fares: one budget for each account, shared by all workers and kept over restarts."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from tiktok_api.accounts.models import Account
from tiktok_api.db import business_now, transaction
from tiktok_api.errors import NotFound
from tiktok_api.tiktok import TikTokBusy

_AT_ONCE, _SPACING = 10, timedelta(seconds=3.1)
"""At most 10 at once and one every 3.1 s: 29 in any minute, of the 30 that TikTok allows for each token."""


def take_status_turn(account_id: UUID) -> None:
    """Take one of the account's turns. Raises TikTokBusy, with nothing taken, while none is left, and NotFound."""
    with transaction() as session:
        found = session.execute(
            select(Account.status_rate_limit_until, business_now().label("now"))
            .where(Account.id == account_id)
            .with_for_update(key_share=True)
        ).one_or_none()
        if found is None:
            raise NotFound
        taken_until = max(found.status_rate_limit_until or found.now, found.now)
        if taken_until > found.now + _SPACING * _AT_ONCE:  # no turn reaches so far, unless a clock was set back
            taken_until = found.now
        wait = taken_until - found.now - _SPACING * (_AT_ONCE - 1)
        if wait > timedelta(0):
            raise TikTokBusy("status: this account's turns are used up", retry_after=wait.total_seconds())
        taken = {"status_rate_limit_until": taken_until + _SPACING}
        session.execute(update(Account).where(Account.id == account_id).values(taken))
