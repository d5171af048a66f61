"""Users, their sessions, API keys and letters, and the trail of what they did."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from tiktok_api.db import Model, enum_column


class User(Model):
    """A person. `email_key` is the address as it is compared.

    Until somebody has proven that an address is theirs, the last who registered it may take it over from the one before.
    From `disabled_at` on no session and no API key may be made for this person, and there is none.
    """

    __tablename__ = "users"

    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    display_name: Mapped[str] = mapped_column(default="")
    timezone: Mapped[str] = mapped_column(default="UTC")
    awaits_verification: Mapped[bool] = mapped_column(default=False)
    disabled_at: Mapped[datetime | None]


class SignInSession(Model):
    """One device signed in.

    The ids of its access tokens are here, the newest last: no other is taken for one of its. With that of its newest
    refresh token the same pair can be minted again.
    """

    __tablename__ = "sessions"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    access_jtis: Mapped[list[str]]
    refresh_jti: Mapped[UUID]
    previous_refresh_jti: Mapped[UUID | None]
    issued_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    timezone: Mapped[str] = mapped_column(default="UTC")
    user_agent: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")


class EmailKind(StrEnum):
    """What a letter is about. The first two carry a token."""

    VERIFY = "verify"
    RESET = "reset"
    KNOWN = "known"
    CHANGED = "changed"


class Email(Model):
    """A letter that was written to somebody; kept to count them, and for its token's SHA-256.

    `bound_to` is the password as it was (the SHA-256 of its hash): once that has changed, the token is worth nothing.
    """

    __tablename__ = "emails"
    __table_args__ = (Index("ix_emails_user_kind", "user_id", "kind", "created_at"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[EmailKind] = mapped_column(enum_column(EmailKind))
    token_hash: Mapped[str | None] = mapped_column(unique=True)
    bound_to: Mapped[str]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    sent_at: Mapped[datetime | None]


class ApiKey(Model):
    """A key for a server. The token is shown once and kept as its SHA-256; `hint` is how it begins, to tell keys apart."""

    __tablename__ = "api_keys"
    __table_args__ = (Index("ix_api_keys_user_created", "user_id", "created_at", "id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    hint: Mapped[str]
    scopes: Mapped[list[str]]
    account_ids: Mapped[list[str] | None]
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    last_used_at: Mapped[datetime | None]


class AuditEntry(Model):
    """Something a person or one of their keys did. It outlives the session, the key and the subject, but not the person."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_user_created", "user_id", "created_at", "id"),
        Index("ix_audit_entries_created_at", "created_at"),  # by which the sweep finds what has had its time
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    session_id: Mapped[UUID | None]
    api_key_id: Mapped[UUID | None]
    action: Mapped[str]
    subject_id: Mapped[UUID | None]
    address: Mapped[str] = mapped_column(default="")
    request_id: Mapped[str | None]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
