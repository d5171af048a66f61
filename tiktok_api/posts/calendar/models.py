"""Feeds for calendar programs, and the rules of time zones by which posts were put on the calendar."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from tiktok_api.db import Model


class CalendarFeed(Model):
    """A secret URL that shows when posts go out. The token is shown once and stored as its SHA-256.

    `account_ids`: only posts for any of these accounts; null: for all. A feed that an API key made reaches what the key does,
    and ends with it.
    """

    __tablename__ = "calendar_feeds"
    __table_args__ = (Index("ix_calendar_feeds_owner_created", "owner_id", "created_at", "id"),)

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    api_key_id: Mapped[UUID | None] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    account_ids: Mapped[list[str] | None]


class ZoneRules(Model):
    """One row: the version of the time zones' rules by which scheduled posts have their instants, and since when."""

    __tablename__ = "zone_rules"

    version: Mapped[str]
    noticed_at: Mapped[datetime]
