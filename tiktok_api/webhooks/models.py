"""The events that TikTok has sent."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from tiktok_api.db import Model


class TikTokEvent(Model):
    """One event, however often it was delivered. `fingerprint` stands in for the id that TikTok does not give."""

    __tablename__ = "tiktok_events"

    fingerprint: Mapped[str] = mapped_column(unique=True)
    event: Mapped[str] = mapped_column(index=True)
    open_id: Mapped[str | None]
    content: Mapped[dict[str, Any]] = mapped_column(default=dict)
    body: Mapped[str]
    is_stale: Mapped[bool]
    handled_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
