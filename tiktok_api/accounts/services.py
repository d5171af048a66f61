"""A user's accounts: finding, describing and reading them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, type_coerce, update
from sqlalchemy.dialects.postgresql import JSONB

from tiktok_api import clock, events
from tiktok_api.accounts.errors import AccountNeedsReconnection
from tiktok_api.accounts.models import Account, AccountStatus, Connection
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.auth import audit
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db, end_reading, set_changes, transaction
from tiktok_api.errors import NotFound
from tiktok_api.jobs import queue
from tiktok_api.tiktok import CreatorCannotPost, CreatorInfo, UserInfo

SYNC = "accounts.sync"
CREATOR_INFO_LIFETIME = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class CreatorReading:
    """What a creator could choose when TikTok was asked."""

    info: CreatorInfo
    captured_at: datetime


def get_account(caller: Identity, account_id: UUID, *, to_change: bool = False) -> Account:
    """The caller's account with this id; `to_change` has others who want that wait. Raises NotFound."""
    query = _of(caller).where(Account.id == account_id)
    account = db.session.scalar(query.with_for_update(key_share=True) if to_change else query)
    if account is None:
        raise NotFound
    return account


def get_accounts(caller: Identity, ids: Iterable[UUID]) -> dict[UUID, Account]:
    """Those of `ids` that are the caller's, by id; what is not is left out."""
    return {account.id: account for account in db.session.scalars(_of(caller).where(Account.id.in_(set(ids))))}


def load_account(account_id: UUID) -> Account | None:
    """An account by its id alone, for tasks, which act for nobody in particular."""
    return db.session.get(Account, account_id)


def get_connection(caller: Identity, connection_id: UUID) -> Connection:
    """The caller's attempt to connect an account. Raises NotFound."""
    query = select(Connection).where(Connection.id == connection_id, Connection.owner_id == caller.user_id)
    if caller.account_ids is not None:
        mine = (Connection.account_id, Connection.expected_account_id)
        query = query.where(or_(*(column.in_(caller.account_ids) for column in mine)))
    connection = db.session.scalar(query)
    if connection is None:
        raise NotFound
    return connection


def connected(
    caller: Identity, *, status: Sequence[AccountStatus] = (), tag: Sequence[str] = (), q: str | None = None
) -> Select[Account]:
    """A select of the caller's accounts with any of the statuses and any of the tags.

    `q` is looked for in label, username and display name, ignoring case.
    """
    statement = _of(caller)
    if status:
        statement = statement.where(Account.status.in_(status))
    if tag:
        statement = statement.where(or_(*map(_has_tag, tag)))
    if q is not None:
        places = (Account.label, Account.username, Account.display_name)
        statement = statement.where(or_(*(place.icontains(q, autoescape=True) for place in places)))
    return statement


def describe(caller: Identity, account_id: UUID, **changes: Any) -> Account:
    """Change the label, the tags or the defaults; each replaces what was there. The same again changes nothing.

    Raises NotFound.
    """
    account = get_account(caller, account_id, to_change=True)
    if changed := set_changes(account, changes):
        account.updated_at = clock.now()
        audit.record(caller, "account.updated", subject_id=account.id, changed=changed)
    return account


def request_sync(caller: Identity, account_id: UUID) -> Account:
    """Have the account read as soon as a worker is free. Raises NotFound, AccountNeedsReconnection."""
    account = get_account(caller, account_id)
    if not account.is_connected:
        raise AccountNeedsReconnection(reason=account.status_reason)
    promise_sync(account)
    events.announce("account.sync_requested", account=account)
    return account


def promise_sync(account: Account) -> None:
    """Have profile and counts read now, and from then on again and again."""
    queue.enqueue(SYNC, due_at=clock.now(), subject=account.id)


def has_lost_its_grant(account_id: UUID) -> bool:
    """Whether TikTok has said that its authorisation has ended; tokens that we cannot read say nothing of the kind."""
    status = db.session.scalar(select(Account.status).where(Account.id == account_id))
    return status in (AccountStatus.EXPIRED, AccountStatus.REVOKED)


def has_unreadable_tokens(account_id: UUID) -> bool:
    """Whether no key of this server opens its tokens: that says nothing of its grant, and ends when the key is back."""
    status = db.session.scalar(select(Account.status).where(Account.id == account_id))
    end_reading()
    return status is AccountStatus.ERROR


def store_profile(account: Account, info: UserInfo, *, captured_at: datetime) -> None:
    """Keep what TikTok said and hand it on as a reading. What it did not say is unknown from now on."""
    account.union_id = info.union_id or account.union_id  # TikTok leaves it out at times, and it never changes
    account.username = info.username
    account.display_name = info.display_name
    account.avatar_url = info.avatar_large_url or info.avatar_url
    account.bio = info.bio_description
    account.is_verified = info.is_verified
    account.profile_deep_link = info.profile_deep_link
    account.follower_count = info.follower_count
    account.following_count = info.following_count
    account.likes_count = info.likes_count
    account.video_count = info.video_count
    account.synced_at = account.updated_at = captured_at
    if account.status is AccountStatus.ERROR:
        account.status, account.status_reason = AccountStatus.ACTIVE, None
    db.session.flush()
    events.announce("account.profile_read", account=account, info=info, captured_at=captured_at)


def fetch_creator_info(account_id: UUID, vault: TokenVault, *, fresh: bool = True) -> CreatorInfo:
    """What the creator may choose right now; unless `fresh`, as of at most a minute ago. Call it outside transactions.

    Raises what TokenVault raises, CreatorCannotPost, ScopeMissing, TikTokBusy, TikTokUnreachable.
    """
    return read_creator_info(account_id, vault, fresh=fresh).info


def read_creator_info(account_id: UUID, vault: TokenVault, *, fresh: bool) -> CreatorReading:
    """As `fetch_creator_info`, with the moment at which TikTok was asked."""
    if not fresh:
        account = load_account(account_id)
        reading = last_creator_info(account) if account else None
        if reading is not None and clock.now() - reading.captured_at < CREATOR_INFO_LIFETIME:
            return reading
    asked_at = clock.now()
    end_reading()
    try:
        info = vault.call(account_id, vault.tiktok.fetch_creator_info)
    except CreatorCannotPost as error:
        _keep(account_id, {"posting_refusal": error.code})
        raise
    _keep(account_id, {"creator_info": asdict(info), "creator_info_at": asked_at, "posting_refusal": None})
    return CreatorReading(info, asked_at)


def _keep(account_id: UUID, values: dict[str, Any]) -> None:
    with transaction() as session:
        session.execute(update(Account).where(Account.id == account_id).values(values))


def last_creator_info(account: Account) -> CreatorReading | None:
    """What TikTok said last about this creator, however long ago; None: it was never asked."""
    if account.creator_info is None or account.creator_info_at is None:
        return None
    facts = account.creator_info | {"privacy_level_options": tuple(account.creator_info["privacy_level_options"])}
    return CreatorReading(CreatorInfo(**facts), account.creator_info_at)


def _of(caller: Identity) -> Select[Account]:
    statement = select(Account).where(Account.owner_id == caller.user_id)
    if caller.account_ids is not None:
        statement = statement.where(Account.id.in_(caller.account_ids))
    return statement


def _has_tag(tag: str) -> ColumnElement[bool]:
    if db.session.get_bind().dialect.name == "postgresql":
        return type_coerce(Account.tags, JSONB).contains([tag])
    each = func.json_each(Account.tags).table_valued("value")
    return exists(select(1).select_from(each).where(each.c.value == tag))
