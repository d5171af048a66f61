"""TikTok accounts, connections (attempts to connect one), and tokens that are still to be revoked."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tiktok_api import clock
from tiktok_api.db import Model, enum_column
from tiktok_api.web.link_target import LinkTarget

BASIC_SCOPE, PROFILE_SCOPE, STATS_SCOPE = "user.info.basic", "user.info.profile", "user.info.stats"
VIDEO_LIST_SCOPE, INBOX_SCOPE, PUBLISHING_SCOPE = "video.list", "video.upload", "video.publish"
SCOPES = (BASIC_SCOPE, PROFILE_SCOPE, STATS_SCOPE, VIDEO_LIST_SCOPE, INBOX_SCOPE, PUBLISHING_SCOPE)
"""What a person can grant, as far as this product has a use for it."""


AVATAR_LINK = "pictures.show_avatar"
"""The route that shows a kept avatar without a token."""


class AccountStatus(StrEnum):
    """Expired and revoked end only by connecting again; an error may end by itself."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"
    ERROR = "error"

    @property
    def is_connected(self) -> bool:
        """True while TikTok may still accept requests for the account."""
        return self in (AccountStatus.ACTIVE, AccountStatus.ERROR)


_IS_HELD = text("taken_over_at IS NULL")


class Account(Model):
    """One TikTok account of one user. A value that TikTok did not send is null, never 0.

    Tokens are encrypted and read only by the vault. `token_version` counts the pairs that were stored: the worker that
    spends a pair may replace exactly that one. `refresh_epoch` counts the leases on renewing; they run on the database's
    real clock, expiries on business time. `posting_refusal` is TikTok's code if its last answer was that the creator may
    post nothing. `avatar_url` is TikTok's link, which ends within hours; `avatar_key` is where the picture of
    `avatar_source` is stored. From `taken_over_at` on it is only what its owner keeps of the past: another user has connected
    the creator since, in a row of their own. `sync_requested_at` is when a sync was last asked for.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        Index("ix_accounts_owner_created", "owner_id", "created_at", "id"),
        Index("ix_accounts_status_refresh", "status", "refresh_expires_at"),
        Index("ix_accounts_open_id_held", "open_id", unique=True, sqlite_where=_IS_HELD, postgresql_where=_IS_HELD),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    open_id: Mapped[str]
    union_id: Mapped[str | None]
    username: Mapped[str | None]
    display_name: Mapped[str | None]
    avatar_url: Mapped[str | None]
    avatar_key: Mapped[str | None] = mapped_column(index=True)
    avatar_type: Mapped[str | None]
    avatar_source: Mapped[str | None]
    bio: Mapped[str | None]
    is_verified: Mapped[bool | None]
    profile_deep_link: Mapped[str | None]
    follower_count: Mapped[int | None] = mapped_column(BigInteger)
    following_count: Mapped[int | None] = mapped_column(BigInteger)
    likes_count: Mapped[int | None] = mapped_column(BigInteger)
    video_count: Mapped[int | None] = mapped_column(BigInteger)
    scopes: Mapped[list[str]] = mapped_column(default=list)
    status: Mapped[AccountStatus] = mapped_column(enum_column(AccountStatus), default=AccountStatus.ACTIVE)
    status_reason: Mapped[str | None]
    label: Mapped[str] = mapped_column(default="")
    tags: Mapped[list[str]] = mapped_column(default=list)
    defaults: Mapped[dict[str, Any]] = mapped_column(default=dict)

    access_token_encrypted: Mapped[bytes] = mapped_column(deferred=True)
    refresh_token_encrypted: Mapped[bytes] = mapped_column(deferred=True)
    access_expires_at: Mapped[datetime]
    refresh_expires_at: Mapped[datetime]
    renew_at: Mapped[datetime]
    token_version: Mapped[int] = mapped_column(default=0)
    refresh_epoch: Mapped[int] = mapped_column(default=0)
    refresh_leased_until: Mapped[datetime | None]
    status_rate_limit_until: Mapped[datetime | None]

    creator_info: Mapped[dict[str, Any] | None]
    creator_info_at: Mapped[datetime | None]
    posting_refusal: Mapped[str | None]
    connected_at: Mapped[datetime]
    taken_over_at: Mapped[datetime | None]
    sync_requested_at: Mapped[datetime | None]
    synced_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)

    @property
    def avatar_link(self) -> LinkTarget | None:
        """The signed link to the stored avatar; None until it was fetched."""
        key = self.avatar_key
        return None if key is None else LinkTarget(AVATAR_LINK, "account_id", self.id, key)

    @property
    def is_connected(self) -> bool:
        """Whether TikTok may still accept requests for it."""
        return self.status.is_connected

    @property
    def has_lost_its_grant(self) -> bool:
        """Whether TikTok's authorisation has ended or run out. Unreadable tokens do not say so: the grant may stand."""
        return not self.is_connected or self.refresh_expires_at <= clock.now()

    @property
    def shown_name(self) -> str | None:
        """The name that a person knows it by."""
        return self.display_name or self.username


class ConnectionStatus(StrEnum):
    """The state of an attempt to connect an account."""

    PENDING = "pending"
    CONNECTED = "connected"
    FAILED = "failed"


INTERRUPTED_AFTER = timedelta(seconds=60)
"""Longer than TikTok's client waits for a token and a profile (30 s each at most, and one of them ends early).

Where another user's grant is asked about too, a slow TikTok may take longer: then the result still replaces this one.
"""


class Connection(Model):
    """One attempt to connect an account, or to reconnect `expected_account_id`.

    The OAuth state is stored as its SHA-256. `claimed_at` is when it first came back: later callbacks only show the result
    of the first. `other_creator` is who consented, if not the expected creator.
    """

    __tablename__ = "connections"

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    state_hash: Mapped[str | None] = mapped_column(unique=True)
    claimed_at: Mapped[datetime | None]
    code_verifier_encrypted: Mapped[bytes | None]
    return_url: Mapped[str | None]
    scopes: Mapped[list[str]]
    status: Mapped[ConnectionStatus] = mapped_column(enum_column(ConnectionStatus), default=ConnectionStatus.PENDING)
    reason: Mapped[str | None]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"), index=True)
    expected_account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    other_creator: Mapped[str | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)

    @property
    def is_overdue(self) -> bool:
        """True if the browser did not come back in time."""
        return self.status is ConnectionStatus.PENDING and self.claimed_at is None and self.expires_at <= clock.now()

    @property
    def is_interrupted(self) -> bool:
        """True if the process that handled the callback must have died before it stored a result."""
        if self.status is not ConnectionStatus.PENDING or self.claimed_at is None:
            return False
        return self.claimed_at + INTERRUPTED_AFTER <= clock.now()

    @property
    def shown_status(self) -> ConnectionStatus:
        """The status as a client sees it."""
        return ConnectionStatus.FAILED if self.is_overdue or self.is_interrupted else self.status

    @property
    def shown_reason(self) -> str | None:
        """The reason as a client sees it."""
        if self.is_overdue:
            return "expired"
        return "interrupted" if self.is_interrupted else self.reason


class Revocation(Model):
    """Tokens of a deleted account that are not revoked at TikTok yet. Has no owner: it outlives the user."""

    __tablename__ = "revocations"

    open_id: Mapped[str] = mapped_column(index=True)
    access_token_encrypted: Mapped[bytes]
    refresh_token_encrypted: Mapped[bytes]
    access_expires_at: Mapped[datetime]


class CallBudget(Model):
    """How much is used up of the calls of one kind: by the app (`holder` is empty), a user or an account."""

    __tablename__ = "call_budgets"
    __table_args__ = (UniqueConstraint("name", "holder"),)

    name: Mapped[str]
    holder: Mapped[str]
    used_until: Mapped[datetime] = mapped_column(index=True)
