"""What people do with reports, and what the job that makes one records."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from tiktok_api import clock
from tiktok_api.accounts.services import get_accounts
from tiktok_api.analytics import windows
from tiktok_api.analytics.reports import months
from tiktok_api.analytics.reports.content import Subject
from tiktok_api.analytics.reports.errors import (
    AccountNotYours,
    MonthNotBegun,
    MonthTooEarly,
    SubjectNotOne,
    TooManyReports,
)
from tiktok_api.analytics.reports.models import (
    MAKE_REPORT,
    MonthlyReport,
    ReportFormat,
    ReportSchedule,
)
from tiktok_api.analytics.reports.queries import visible_to
from tiktok_api.auth import audit
from tiktok_api.auth.identity import Identity
from tiktok_api.auth.models import User
from tiktok_api.db import db, locked
from tiktok_api.db.writes import insert_rows, make_row
from tiktok_api.errors import NotFound
from tiktok_api.jobs import queue
from tiktok_api.media import deduplication

MOST_REPORTS = 500
_SWEPT_AT_ONCE = 200
_EARLIEST_MONTH = months.month_of(windows.EARLIEST + timedelta(days=70))
"""The month before is a window too."""


def request(
    caller: Identity,
    *,
    account_id: UUID | None = None,
    tag: str | None = None,
    label: str | None = None,
    month: str,
    form: ReportFormat,
    timezone: str | None = None,
) -> UUID:
    """Have a report made. Returns its id.

    Raises SubjectNotOne, AccountNotYours, KeyConfined, MonthNotBegun, MonthTooEarly, TooManyReports.
    """
    subject = check_subject(caller, account_id, tag, label)
    zone = timezone or caller.timezone
    if month < _EARLIEST_MONTH:
        raise MonthTooEarly.at("/month", earliest=_EARLIEST_MONTH)
    if months.month_of(clock.now().astimezone(ZoneInfo(zone)).date()) < month:
        raise MonthNotBegun.at("/month", month=month, timezone=zone)
    lock_owner(caller.user_id)
    if _count(caller.user_id) >= MOST_REPORTS:
        raise TooManyReports(most=MOST_REPORTS)
    report_id = _add(caller.user_id, subject, month=month, form=form, timezone=zone)
    audit.record(caller, "report.requested", subject_id=report_id, month=month)
    return report_id


def check_subject(caller: Identity, account_id: UUID | None, tag: str | None, label: str | None) -> Subject:
    """Returns what a report is to be about. Raises SubjectNotOne, AccountNotYours; KeyConfined for more than its own accounts."""
    if sum(each is not None for each in (account_id, tag, label)) != 1:
        raise SubjectNotOne.at("/account_id")
    if account_id is None:
        caller.must_reach_all_accounts()
    elif account_id not in get_accounts(caller, [account_id]):
        raise AccountNotYours.at("/account_id")
    return Subject(account_id, tag, label)


def lock_owner(user_id: UUID) -> None:
    """Let one request at a time count what its user has."""
    db.session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))


def _count(owner_id: UUID) -> int:
    return (
        db.session.scalar(select(func.count()).select_from(MonthlyReport).where(MonthlyReport.owner_id == owner_id))
        or 0
    )


def _add(owner_id: UUID, subject: Subject, **facts: Any) -> UUID:
    about = {"account_id": subject.account_id, "tag": subject.tag, "label": subject.label}
    report = make_row(MonthlyReport, owner_id=owner_id, **about, **facts)
    insert_rows(report)
    queue.enqueue(MAKE_REPORT, due_at=clock.now(), owner_id=owner_id, subject=report.id)
    return report.id


def add_scheduled(schedule: ReportSchedule, month: str, skipped: Sequence[str]) -> None:
    """Have the report of a schedule's month made, once; the oldest of its owner makes room for it."""
    its = (MonthlyReport.schedule_id == schedule.id, MonthlyReport.month == month)
    if db.session.scalar(select(MonthlyReport.id).where(*its)) is not None:
        return
    lock_owner(schedule.owner_id)
    if _count(schedule.owner_id) >= MOST_REPORTS:
        oldest = (
            select(MonthlyReport)
            .where(MonthlyReport.owner_id == schedule.owner_id)
            .order_by(MonthlyReport.created_at, MonthlyReport.id)
        )
        _remove(db.session.scalars(oldest.limit(1).with_for_update()).one())
    facts = {"month": month, "form": schedule.form, "timezone": schedule.timezone, "schedule_id": schedule.id}
    subject = Subject(schedule.account_id, schedule.tag, schedule.label)
    _add(schedule.owner_id, subject, skipped_months=list(skipped), **facts)


def get_report(caller: Identity, report_id: UUID) -> MonthlyReport:
    """Returns the caller's report, locked until the transaction ends. Raises NotFound."""
    found = locked(select(MonthlyReport).where(MonthlyReport.id == report_id, *visible_to(caller)))
    if found is None:
        raise NotFound
    return found


def delete(caller: Identity, report_id: UUID) -> None:
    """Delete a report and its file. Raises NotFound."""
    _remove(get_report(caller, report_id))
    audit.record(caller, "report.deleted", subject_id=report_id)


def _remove(report: MonthlyReport) -> None:
    queue.cancel(f"{MAKE_REPORT}:{report.id}")
    deduplication.release_bytes(report.owner_id, [report.storage_key])
    db.session.delete(report)
    db.session.flush()


def sweep(kept: timedelta) -> bool:
    """Delete some reports that are older than that. Returns True if there may be more."""
    old = (
        select(MonthlyReport)
        .where(MonthlyReport.created_at < clock.now() - kept)
        .order_by(MonthlyReport.id)
        .limit(_SWEPT_AT_ONCE)
    )
    found = db.session.scalars(old.with_for_update(skip_locked=True)).all()
    for report in found:
        _remove(report)
    return len(found) == _SWEPT_AT_ONCE
