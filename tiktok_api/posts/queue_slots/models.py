"""The weekly times of an account."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from tiktok_api import clock
from tiktok_api.db import Model


class PostingQueue(Model):
    """The slots of one account: `{"weekday": "monday", "time": "09:00"}`, in one zone. Its lock is the row of the account."""

    __tablename__ = "posting_queues"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), unique=True)
    timezone: Mapped[str]
    slots: Mapped[list[Any]] = mapped_column(default=list)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
