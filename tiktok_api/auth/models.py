"""Users, registrations, sessions, API keys, emails, and the audit trail."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from tiktok_api.db import Model, enum_column


class User(Model):
    """A person. `email_key` is the address as it is compared.

    `awaits_verification` is true only for users of an older version, which kept no registrations apart: they have not proven
    their address. From `disabled_at` on the user has no session and no API key, and none may be created.
    """

    __tablename__ = "users"

    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    display_name: Mapped[str] = mapped_column(default="")
    timezone: Mapped[str] = mapped_column(default="UTC")
    awaits_verification: Mapped[bool] = mapped_column(default=False)
    disabled_at: Mapped[datetime | None]


class Registration(Model):
    """A registration whose address is still to be proven. An address may have several, each with its own password.

    `site` is the network from which it came.
    """

    __tablename__ = "registrations"
    __table_args__ = (Index("ix_registrations_email_key_created", "email_key", "created_at"),)

    email: Mapped[str]
    email_key: Mapped[str]
    password_hash: Mapped[str]
    display_name: Mapped[str] = mapped_column(default="")
    timezone: Mapped[str] = mapped_column(default="UTC")
    site: Mapped[str]


class SignInSession(Model):
    """One device signed in.

    `access_jtis` lists the jti of every access token issued to this session, the newest last; any other is refused. With
    `refresh_jti` the newest pair can be minted again. `signed_in_at` is when the person last gave the password: a refresh
    leaves it.
    """

    __tablename__ = "sessions"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    access_jtis: Mapped[list[str]]
    refresh_jti: Mapped[UUID]
    previous_refresh_jti: Mapped[UUID | None]
    issued_at: Mapped[datetime]
    signed_in_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    timezone: Mapped[str] = mapped_column(default="UTC")
    user_agent: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")


class EmailKind(StrEnum):
    """What an email is about. The first two carry a token."""

    VERIFY = "verify"
    RESET = "reset"
    KNOWN = "known"
    CHANGED = "changed"
    TAKEN_OVER = "taken_over"


class Email(Model):
    """An email to a user, or about a registration; kept to count them, and for the SHA-256 of its token.

    `bound_to` identifies the password (the SHA-256 of its hash): once that has changed, the token is not valid. `site` is the
    network from which it was asked for.
    """

    __tablename__ = "emails"
    __table_args__ = (
        Index("ix_emails_user_kind", "user_id", "kind", "created_at"),
        Index("ix_emails_address_kind_sent", "email_key", "kind", "sent_at"),
    )

    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    registration_id: Mapped[UUID | None] = mapped_column(ForeignKey("registrations.id", ondelete="CASCADE"), index=True)
    email_key: Mapped[str]
    site: Mapped[str] = mapped_column(default="")
    kind: Mapped[EmailKind] = mapped_column(enum_column(EmailKind))
    token_hash: Mapped[str | None] = mapped_column(unique=True)
    bound_to: Mapped[str]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    sent_at: Mapped[datetime | None]


class ApiKey(Model):
    """A key for a server. The token is shown once and stored as its SHA-256; `hint` is its beginning, to tell keys apart."""

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
    """An act of a user or of one of their keys. It outlives the session, the key and the subject, but not the user."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_user_created", "user_id", "created_at", "id"),
        Index("ix_audit_entries_created_at", "created_at"),  # for deleting what is old
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    session_id: Mapped[UUID | None]
    api_key_id: Mapped[UUID | None]
    action: Mapped[str]
    subject_id: Mapped[UUID | None]
    address: Mapped[str] = mapped_column(default="")
    request_id: Mapped[str | None]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
