"""Accounts that change hands: a creator whose grant has ended is taken over by the user for whom they consent now.

Consent proves that the person holds the creator. While another user's grant lives, that proves nothing against the user: both
may be right, and what is scheduled must not be lost. Once TikTok has ended the grant, the newest consent decides.
"""

from collections.abc import Sequence
from uuid import UUID

import structlog
from sqlalchemy import Select, or_, select

from tiktok_api import clock, events
from tiktok_api.accounts import disconnection, tokens
from tiktok_api.accounts.errors import AccountNeedsReconnection
from tiktok_api.accounts.models import BASIC_SCOPE, Account
from tiktok_api.accounts.rate_limits import AppCall
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.auth import audit
from tiktok_api.auth import services as users
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db, end_reading
from tiktok_api.errors import NotFound
from tiktok_api.tiktok import TikTokError

log = structlog.get_logger(__name__)


def held(open_id: str) -> Select[Account]:
    """Returns a select of the one row of this creator that is not taken over."""
    return select(Account).where(Account.open_id == open_id, Account.taken_over_at.is_(None))


def ask_about_holder(open_id: str, user_id: UUID, vault: TokenVault) -> None:
    """If another user holds the creator, ask TikTok whether their grant still lives: it may have ended unnoticed.

    What TikTok says is stored with the account. Call it outside any transaction.
    """
    columns = (Account.id, Account.owner_id, Account.status)  # no object: it may be deleted meanwhile
    holder = db.session.execute(held(open_id).with_only_columns(*columns)).one_or_none()
    end_reading()
    if holder is None or holder.owner_id == user_id or not holder.status.is_connected:
        return
    try:
        vault.count_read(AppCall.USER_INFO, user_id)  # the user who asks uses it up, not the one who is asked about
        vault.call(holder.id, lambda token: vault.tiktok.fetch_user_info(token, scopes=(BASIC_SCOPE,)))
    except (AccountNeedsReconnection, NotFound, TikTokError) as error:
        log.info("connection.holder_asked_about", account=str(holder.id), error=str(error))


def lock_known(open_id: str, user_id: UUID) -> Sequence[Account]:
    """Returns the rows of a creator that a grant for this user may be for, locked, and locks their owners and the user.

    Accounts are locked before users, as where a user is deleted; and not against foreign keys, because a worker that holds a
    post refers to its account.
    """
    is_known = or_(Account.taken_over_at.is_(None), Account.owner_id == user_id)
    known = select(Account).where(Account.open_id == open_id, is_known).order_by(Account.id)
    fresh = known.with_for_update(key_share=True).execution_options(populate_existing=True)
    accounts = db.session.scalars(fresh).all()
    users.lock_against_deletion({user_id, *(each.owner_id for each in accounts)})
    return accounts


def choose_account(known: Sequence[Account], user_id: UUID, vault: TokenVault) -> Account | None:
    """Returns the row that a grant for this user is for: the held one, or the user's own of before; None: a new one.

    A row of another user's whose grant has ended is taken from them.
    """
    account = next((each for each in known if each.taken_over_at is None), None)
    before = next((each for each in known if each.taken_over_at is not None), None)
    if account is None:
        return before
    if account.owner_id == user_id or not account.has_lost_its_grant:
        return account
    _take_from(account, vault)
    return before


def _take_from(account: Account, vault: TokenVault) -> None:
    """Leave the former owner the history, cancel what was to go out, and tell them."""
    cancelled = [str(each) for answer in events.ask("account.taken_over", account=account) for each in answer]
    account.taken_over_at = clock.now()
    tokens.drop_tokens(account, vault.encryptor)
    disconnection.cancel_jobs(account)
    facts = {"username": account.username, "cancelled_publications": cancelled}
    audit.record(Identity(account.owner_id, None), "account.taken_over", subject_id=account.id, **facts)
    users.tell_of_lost_account(account.owner_id)
    db.session.flush()
