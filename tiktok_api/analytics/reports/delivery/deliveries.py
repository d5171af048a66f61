"""Deliveries of scheduled reports: one row for each channel, tried with growing pauses for a day, then failed and visible."""

import smtplib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import select

from tiktok_api import clock
from tiktok_api.accounts.models import Account
from tiktok_api.analytics.reports.delivery import messages, signatures
from tiktok_api.analytics.reports.delivery.messages import Announcement
from tiktok_api.analytics.reports.models import (
    DELIVER_REPORT,
    Channel,
    DeliveryStatus,
    MonthlyReport,
    ReportDelivery,
    ReportSchedule,
)
from tiktok_api.auth.emails.mailer import Mailer, Undeliverable
from tiktok_api.auth.models import User
from tiktok_api.db import db, locked
from tiktok_api.encryption import Encryptor
from tiktok_api.jobs import queue
from tiktok_api.outbound import Fetcher, OutboundError, Patience
from tiktok_api.settings import Settings

log = structlog.get_logger(__name__)

_MINUTES = (1, 5, 15, 30, 60, 120, 240, 480, 489)
"""Pauses between tries: the last one begins a day after the first."""
_PATIENCE = Patience(connect_seconds=10, head_seconds=20, silence_seconds=10, total_seconds=40)
_LONGEST_ERROR = 300


@dataclass(frozen=True, slots=True)
class PendingDelivery:
    """What a try needs to know."""

    id: UUID
    channel: Channel
    told: Announcement
    to: str
    secret: str


@dataclass(frozen=True, slots=True)
class DeliveryError:
    """Why a try failed; `is_final`: no further one would help."""

    words: str
    is_final: bool = False


def add(report: MonthlyReport) -> None:
    """Have a report sent by the channels of its schedule; nothing to do for one that a person asked for."""
    schedule = db.session.get(ReportSchedule, report.schedule_id) if report.schedule_id else None
    if schedule is None:
        return
    wanted = {Channel.MAIL: schedule.mail, Channel.WEBHOOK: schedule.webhook_url is not None}
    for channel in (channel for channel, is_wanted in wanted.items() if is_wanted):
        delivery = ReportDelivery(report_id=report.id, channel=channel, next_try_at=clock.now())
        db.session.add(delivery)
        db.session.flush()
        queue.enqueue(DELIVER_REPORT, due_at=clock.now(), owner_id=report.owner_id, subject=delivery.id)


def find_pending(delivery_id: UUID, encryptor: Encryptor) -> PendingDelivery | None:
    """Returns a delivery that is still to be made, to where its schedule says now; None if there is none any more.

    To nowhere, if the schedule was deleted since or the owner is disabled: that is recorded as its end.
    """
    columns = (ReportDelivery, MonthlyReport, ReportSchedule, User, Account.username)
    query = select(*columns).join(MonthlyReport, MonthlyReport.id == ReportDelivery.report_id)
    query = query.outerjoin(ReportSchedule, ReportSchedule.id == MonthlyReport.schedule_id)
    query = query.join(User, User.id == MonthlyReport.owner_id)
    query = query.outerjoin(Account, Account.id == MonthlyReport.account_id).where(ReportDelivery.id == delivery_id)
    row = db.session.execute(query).one_or_none()
    if row is None or row.ReportDelivery.status is not DeliveryStatus.PENDING:
        return None
    schedule, user = row.ReportSchedule, row.User
    told = messages.announce(row.MonthlyReport, row.username)
    if schedule is None or user.disabled_at is not None:
        return PendingDelivery(delivery_id, row.ReportDelivery.channel, told, "", "")
    if row.ReportDelivery.channel is Channel.MAIL:
        to = user.email if schedule.mail and not user.awaits_verification else ""
        return PendingDelivery(delivery_id, Channel.MAIL, told, to, "")
    secret = encryptor.decrypt(schedule.webhook_secret_encrypted, ReportSchedule.webhook_secret_encrypted, schedule.id)
    return PendingDelivery(delivery_id, Channel.WEBHOOK, told, schedule.webhook_url or "", secret)


def send(pending: PendingDelivery, *, mailer: Mailer, fetcher: Fetcher, settings: Settings) -> DeliveryError | None:
    """Send it once. Returns None if that worked; no transaction may be open."""
    if not pending.to:
        return DeliveryError(
            "There is no proven address to send it to, it is not wanted any more, or its owner is disabled.",
            is_final=True,
        )
    if pending.channel is Channel.MAIL:
        return _mail(pending, mailer, settings)
    return _post(pending, fetcher, settings)


def _mail(pending: PendingDelivery, mailer: Mailer, settings: Settings) -> DeliveryError | None:
    subject, text = messages.email_about(pending.told, settings)
    try:
        mailer.send(pending.to, subject, text)
    except Undeliverable as error:
        return DeliveryError(str(error), is_final=True)
    except (OSError, smtplib.SMTPException) as error:
        return DeliveryError(f"The mail server: {type(error).__name__}.")
    return None


def _post(pending: PendingDelivery, fetcher: Fetcher, settings: Settings) -> DeliveryError | None:
    body = messages.webhook_about(pending.told, settings)
    headers = signatures.headers_of(body, pending.id, pending.secret) | {"Content-Type": "application/json"}
    try:
        with fetcher.post(pending.to, body, headers=headers, patience=_PATIENCE) as answer:
            status = answer.status
    except OutboundError as error:
        return DeliveryError(str(error))
    if 200 <= status < 300:
        return None
    return DeliveryError(f"The server answered {status}.", is_final=status == 410)  # Standard Webhooks: gone for good


def record(delivery_id: UUID, error: DeliveryError | None) -> datetime | None:
    """Record a try. Returns when the next one is due; None if it was the last."""
    delivery = locked(select(ReportDelivery).where(ReportDelivery.id == delivery_id))
    if delivery is None or delivery.status is not DeliveryStatus.PENDING:
        return None
    delivery.tries += 1
    delivery.next_try_at = None
    if error is None:
        delivery.status, delivery.delivered_at, delivery.last_error = DeliveryStatus.DELIVERED, clock.now(), None
    else:
        delivery.last_error = error.words[:_LONGEST_ERROR]
        if error.is_final or delivery.tries > len(_MINUTES):
            delivery.status = DeliveryStatus.FAILED
            log.warning("report.undelivered", delivery=str(delivery_id), channel=delivery.channel, error=error.words)
        else:
            delivery.next_try_at = clock.now() + timedelta(minutes=_MINUTES[delivery.tries - 1])
    db.session.flush()
    return delivery.next_try_at
