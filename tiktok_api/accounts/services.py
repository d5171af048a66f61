"""A user's accounts: finding them to be changed, describing and syncing them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from uuid import UUID

from sqlalchemy import ScalarSelect, Select, func, select

from tiktok_api import clock, events
from tiktok_api.accounts.errors import AccountNeedsReconnection, SyncedRecently
from tiktok_api.accounts.models import Account, AccountStatus
from tiktok_api.accounts.queries import is_reached
from tiktok_api.auth import audit
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db, end_reading, locked, set_changes
from tiktok_api.db.reads import Given, is_any, reading
from tiktok_api.errors import NotFound
from tiktok_api.jobs import queue
from tiktok_api.tiktok import UserInfo

SYNC = "accounts.sync"
SYNC_INTERVAL = timedelta(minutes=5)
"""How soon a person may have an account read again; without a request it is read once in SYNC_SECONDS."""

_NAMES_AT_ONCE = 1_000
"""A statement of PostgreSQL takes 65,535 parameters, and a file of a mebibyte has more names."""


def get_account(caller: Identity, account_id: UUID, *, to_change: bool = False) -> Account:
    """Returns the caller's account with this id, with `to_change` locked. Raises NotFound."""
    query = _of(caller).where(Account.id == account_id)
    account = locked(query, key_share=True) if to_change else db.session.scalar(query)
    if account is None:
        raise NotFound
    return account


@reading
def _named(given: Given) -> Select[Any]:
    query = select(Account).where(is_any(Account.id, given["ids"]), *is_reached(given)).order_by(Account.id)
    return query.with_for_update(read=True, key_share=True) if "is_locked" in given else query


def get_accounts(caller: Identity, ids: Iterable[UUID], *, is_locked: bool = False) -> dict[UUID, Any]:
    """Returns those of `ids` that are the caller's, by id, to be looked at; the others are left out.

    `is_locked`: against their deletion, as a row does that refers to them.
    """
    return {account.id: account for account in _named.all(**caller.reach, ids=set(ids), is_locked=is_locked or None)}


def find_usernames(caller: Identity, names: Iterable[str]) -> dict[str, list[UUID]]:
    """Returns the ids of the caller's accounts with each of the usernames, which are compared without their case."""
    found: dict[str, list[UUID]] = {name.lower(): [] for name in names}
    username, wanted = func.lower(Account.username), list(found)
    for first in range(0, len(wanted), _NAMES_AT_ONCE):
        some = wanted[first : first + _NAMES_AT_ONCE]
        its = _of(caller).with_only_columns(username, Account.id).where(username.in_(some))
        for name, account_id in db.session.execute(its):
            found[name].append(account_id)
    return found


def load_account(account_id: UUID | None) -> Account | None:
    """Returns an account by its id alone, for tasks, which have no caller; None where there is none."""
    return db.session.get(Account, account_id) if account_id else None


def load_accounts(ids: Iterable[UUID | None]) -> dict[UUID, Account]:
    """Returns the accounts with these ids, by id, as `load_account` does."""
    found = db.session.scalars(select(Account).where(Account.id.in_({each for each in ids if each})))
    return {account.id: account for account in found}


def owner_for_jobs(account_id: UUID) -> ScalarSelect[UUID]:
    """Returns the owner of an account for `queue.enqueue`, as a subquery: the account is not loaded, and may be gone."""
    return select(Account.owner_id).where(Account.id == account_id).scalar_subquery()


def describe(caller: Identity, account_id: UUID, **changes: Any) -> Account:
    """Replace the label, the tags or the defaults; equal values change nothing. Raises NotFound."""
    account = get_account(caller, account_id, to_change=True)
    if changed := set_changes(account, changes):
        account.updated_at = clock.now()
        audit.record(caller, "account.updated", subject_id=account.id, changed=changed)
    return account


def request_sync(caller: Identity, account_id: UUID) -> Account:
    """Have the account read as soon as a worker is free, at most once in SYNC_INTERVAL.

    While the one requested before is still to be done, it is the answer to this request too. Raises NotFound,
    AccountNeedsReconnection, SyncedRecently.
    """
    account = get_account(caller, account_id, to_change=True)
    if not account.is_connected:
        raise AccountNeedsReconnection(reason=account.status_reason)
    now, before = clock.now(), account.sync_requested_at
    if before is not None and before <= now < before + SYNC_INTERVAL:
        if account.synced_at is None or account.synced_at < before:
            return account
        wait = ceil((before + SYNC_INTERVAL - now).total_seconds())
        raise SyncedRecently(minutes=SYNC_INTERVAL // timedelta(minutes=1), headers={"Retry-After": str(wait)})
    account.sync_requested_at = now
    enqueue_sync(account)
    events.announce("account.sync_requested", account=account)
    return account


def enqueue_sync(account: Account) -> None:
    """Have profile and counts read now, and from then on regularly."""
    queue.enqueue(SYNC, due_at=clock.now(), owner_id=account.owner_id, subject=account.id)


def has_lost_its_grant(account_id: UUID) -> bool:
    """Whether TikTok has said that its authorisation has ended. Tokens that this server cannot decrypt do not say so."""
    status = db.session.scalar(select(Account.status).where(Account.id == account_id))
    return status is not None and not status.is_connected


def has_unreadable_tokens(account_id: UUID) -> bool:
    """Whether no key of this server decrypts its tokens. The grant may stand: this ends when the key is put back."""
    status = db.session.scalar(select(Account.status).where(Account.id == account_id))
    end_reading()
    return status is AccountStatus.ERROR


def store_profile(account: Account, info: UserInfo, *, captured_at: datetime) -> None:
    """Store TikTok's answer and announce it as a reading. What the answer leaves out is unknown from now on."""
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


def _of(caller: Identity) -> Select[Account]:
    statement = select(Account).where(Account.owner_id == caller.user_id)
    if caller.account_ids is not None:
        statement = statement.where(Account.id.in_(caller.account_ids))
    return statement
