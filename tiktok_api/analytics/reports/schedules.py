"""Reports of each month: what people do with their schedules, and the job that begins what is due.

The job's row is made with the schedule and lives as long as it does. It locks the schedule, adds the report and moves `next_month`
in one transaction: a worker that dies before leaves everything as it was, and one that dies after has nothing left to do.
"""

import base64
import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from tiktok_api import clock
from tiktok_api.analytics.reports import months, services
from tiktok_api.analytics.reports.errors import NothingToDeliver, TooManySchedules, WebhookUrlRefused
from tiktok_api.analytics.reports.models import BEGIN_SCHEDULED, ReportFormat, ReportSchedule
from tiktok_api.analytics.reports.queries import visible_to
from tiktok_api.auth import audit
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db, locked, new_id, set_changes
from tiktok_api.encryption import Encryptor
from tiktok_api.errors import NotFound
from tiktok_api.jobs import queue
from tiktok_api.outbound import Fetcher, UrlForbidden

MOST_SCHEDULES = 50
SECRET_PREFIX = "whsec_"  # noqa: S105 - of Standard Webhooks
_SECRET_BYTES = 24


def job_key(schedule_id: UUID) -> str:
    """Returns the unique key of a schedule's job."""
    return f"{BEGIN_SCHEDULED}:{schedule_id}"


def create(
    caller: Identity,
    *,
    account_id: UUID | None = None,
    tag: str | None = None,
    label: str | None = None,
    form: ReportFormat,
    timezone: str | None = None,
    deliver: dict[str, Any],
    encryptor: Encryptor,
    fetcher: Fetcher,
) -> tuple[UUID, str]:
    """Add a schedule. Returns its id, and the secret of its webhooks, which is not shown again.

    Raises SubjectNotOne, AccountNotYours, KeyConfined, WebhookUrlRefused, NothingToDeliver, TooManySchedules.
    """
    subject = services.check_subject(caller, account_id, tag, label)
    webhook_url = read_url(deliver.get("webhook_url"), fetcher)
    mail = bool(deliver.get("mail"))
    _must_go_somewhere(mail, webhook_url)
    services.lock_owner(caller.user_id)
    count = select(func.count()).select_from(ReportSchedule).where(ReportSchedule.owner_id == caller.user_id)
    if (db.session.scalar(count) or 0) >= MOST_SCHEDULES:
        raise TooManySchedules(most=MOST_SCHEDULES)
    zone, schedule_id = timezone or caller.timezone, new_id()
    month, at = _next(zone)
    secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    schedule = ReportSchedule(
        id=schedule_id,
        owner_id=caller.user_id,
        account_id=subject.account_id,
        tag=subject.tag,
        label=subject.label,
        form=form,
        timezone=zone,
        mail=mail,
        webhook_url=webhook_url,
        webhook_secret_encrypted=encryptor.encrypt(secret, ReportSchedule.webhook_secret_encrypted, schedule_id),
        next_month=month,
        next_at=at,
    )
    db.session.add(schedule)
    db.session.flush()
    _enqueue(schedule)
    audit.record(caller, "report_schedule.created", subject_id=schedule_id)
    return schedule_id, secret


def _next(timezone: str) -> tuple[str, datetime]:
    """The first month whose report is still to come, and when it does."""
    month = months.after(months.last_whole(clock.now(), timezone))
    return month, months.reported_at(month, timezone)


def _must_go_somewhere(mail: bool, webhook_url: str | None) -> None:
    if not mail and webhook_url is None:
        raise NothingToDeliver.at("/deliver")


def read_url(url: str | None, fetcher: Fetcher) -> str | None:
    """Returns a webhook's URL in its normal form. Raises WebhookUrlRefused; whether it answers is not tried."""
    if url is None:
        return None
    try:
        return fetcher.read(url).url
    except UrlForbidden as error:
        raise WebhookUrlRefused.at("/deliver/webhook_url", code=error.code, reason=str(error)) from None


def get_schedule(caller: Identity, schedule_id: UUID) -> ReportSchedule:
    """Returns the caller's schedule, locked until the transaction ends. Raises NotFound."""
    found = locked(select(ReportSchedule).where(ReportSchedule.id == schedule_id, *visible_to(caller, ReportSchedule)))
    if found is None:
        raise NotFound
    return found


def update(caller: Identity, schedule_id: UUID, *, fetcher: Fetcher, **changes: Any) -> None:
    """Change the format, the zone or the deliveries. Raises NotFound, WebhookUrlRefused, NothingToDeliver.

    Another zone moves the next report to its own first day at 6; no month gets a second one.
    """
    schedule = get_schedule(caller, schedule_id)
    deliver = changes.pop("deliver", {})
    if "mail" in deliver:
        changes["mail"] = deliver["mail"]
    if "webhook_url" in deliver:
        changes["webhook_url"] = read_url(deliver["webhook_url"], fetcher)
    changed = set_changes(schedule, changes)
    _must_go_somewhere(schedule.mail, schedule.webhook_url)
    if not changed:
        return
    schedule.next_at = months.reported_at(schedule.next_month, schedule.timezone)
    schedule.updated_at = clock.now()
    db.session.flush()
    _enqueue(schedule)
    audit.record(caller, "report_schedule.updated", subject_id=schedule_id, changed=changed)


def delete(caller: Identity, schedule_id: UUID) -> None:
    """Delete a schedule; the reports that it has made stay. Raises NotFound."""
    schedule = get_schedule(caller, schedule_id)
    queue.cancel(job_key(schedule.id))
    db.session.delete(schedule)
    db.session.flush()
    audit.record(caller, "report_schedule.deleted", subject_id=schedule_id)


def _enqueue(schedule: ReportSchedule) -> None:
    queue.enqueue(BEGIN_SCHEDULED, due_at=schedule.next_at, owner_id=schedule.owner_id, subject=schedule.id)


def begin_due(schedule_id: UUID) -> datetime | None:
    """Begin the report of the last month, if it is due; months that were missed before it are named in it, and skipped.

    Returns when the next one is due; None if the schedule is gone.
    """
    schedule = locked(select(ReportSchedule).where(ReportSchedule.id == schedule_id))
    if schedule is None:
        return None
    if schedule.next_at > clock.now():
        return schedule.next_at
    month = max(months.last_whole(clock.now(), schedule.timezone), schedule.next_month)
    services.add_scheduled(schedule, month, months.between(schedule.next_month, month))
    schedule.next_month = months.after(month)
    schedule.next_at = months.reported_at(schedule.next_month, schedule.timezone)
    db.session.flush()
    return schedule.next_at
