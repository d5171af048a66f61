"""Reports, the schedules that make them, and how each was delivered."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tiktok_api import clock
from tiktok_api.db import Model, enum_column

MAKE_REPORT = "analytics.make_report"
"""The kind of the job that makes a report."""
BEGIN_SCHEDULED = "analytics.begin_scheduled_report"
"""The kind of the job that begins the report of a schedule's month."""
DELIVER_REPORT = "analytics.deliver_report"
"""The kind of the job that sends a report."""

REPORT_LINK = "reports.show_linked_report"
"""The route that shows a report without a token."""


class ReportFormat(StrEnum):
    """What a report is made as."""

    HTML = "html"
    PDF = "pdf"


class ReportStatus(StrEnum):
    """Queued: a job makes it."""

    QUEUED = "queued"
    READY = "ready"
    FAILED = "failed"


class FailureReason(StrEnum):
    """Why a report could not be made."""

    ACCOUNT_GONE = "account_gone"
    TOO_MANY_ACCOUNTS = "too_many_accounts"
    NOT_MADE = "not_made"


class Channel(StrEnum):
    """How a report is delivered."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class DeliveryStatus(StrEnum):
    """Pending: it was not tried yet, or is tried again."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class ReportSchedule(Model):
    """A report of each month, begun at `next_at`: of `next_month`, or of a later one if months were missed.

    Exactly one of `account_id`, `tag` and `label` says what it is about.
    """

    __tablename__ = "report_schedules"
    __table_args__ = (Index("ix_report_schedules_owner_created", "owner_id", "created_at", "id"),)

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    tag: Mapped[str | None]
    label: Mapped[str | None]
    form: Mapped[ReportFormat] = mapped_column(enum_column(ReportFormat))
    timezone: Mapped[str]
    mail: Mapped[bool]
    webhook_url: Mapped[str | None]
    webhook_secret_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    next_month: Mapped[str]
    next_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)


class MonthlyReport(Model):
    """One month as a file under `storage_key`. `skipped_months` were missed by its schedule, and have no report."""

    __tablename__ = "reports"
    __table_args__ = (
        UniqueConstraint("schedule_id", "month"),
        Index("ix_reports_owner_created", "owner_id", "created_at", "id"),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    schedule_id: Mapped[UUID | None] = mapped_column(ForeignKey("report_schedules.id", ondelete="SET NULL"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    tag: Mapped[str | None]
    label: Mapped[str | None]
    month: Mapped[str]
    timezone: Mapped[str]
    form: Mapped[ReportFormat] = mapped_column(enum_column(ReportFormat))
    status: Mapped[ReportStatus] = mapped_column(enum_column(ReportStatus), default=ReportStatus.QUEUED)
    reason: Mapped[FailureReason | None] = mapped_column(enum_column(FailureReason))
    skipped_months: Mapped[list[str]] = mapped_column(default=list)
    storage_key: Mapped[str | None] = mapped_column(index=True)
    size_bytes: Mapped[int | None]
    ready_at: Mapped[datetime | None]


class ReportDelivery(Model):
    """A report on its way to its owner: at most one for each channel. Its id is the `webhook-id` of every try."""

    __tablename__ = "report_deliveries"
    __table_args__ = (UniqueConstraint("report_id", "channel"),)

    report_id: Mapped[UUID] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"))
    channel: Mapped[Channel] = mapped_column(enum_column(Channel))
    status: Mapped[DeliveryStatus] = mapped_column(enum_column(DeliveryStatus), default=DeliveryStatus.PENDING)
    tries: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    next_try_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
