"""Users, their sessions, API keys and letters, and the trail of what they did."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from tiktok_api.db import Model


class User(Model):
    """A person. `email_key` is the address as it is compared: case folded."""

    __tablename__ = "users"

    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    display_name: Mapped[str] = mapped_column(default="")
    timezone: Mapped[str] = mapped_column(default="UTC")


class SignInSession(Model):
    """One device signed in. The ids of its newest tokens are here, so that the same pair can be minted again."""

    __tablename__ = "sessions"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    access_jti: Mapped[UUID]
    refresh_jti: Mapped[UUID]
    previous_refresh_jti: Mapped[UUID | None]
    issued_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    timezone: Mapped[str] = mapped_column(default="UTC")
    user_agent: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")


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
    __table_args__ = (Index("ix_audit_entries_user_created", "user_id", "created_at", "id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    session_id: Mapped[UUID | None]
    api_key_id: Mapped[UUID | None]
    action: Mapped[str]
    subject_id: Mapped[UUID | None]
    address: Mapped[str] = mapped_column(default="")
    request_id: Mapped[str | None]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
