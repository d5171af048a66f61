"""What the job that makes a report needs to know, and what it records."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from tiktok_api import clock
from tiktok_api.analytics.reports.content import Subject
from tiktok_api.analytics.reports.models import FailureReason, MonthlyReport, ReportFormat, ReportStatus
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db, locked


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report that is to be made."""

    id: UUID
    owner: Identity
    subject: Subject
    month: str
    timezone: str
    form: ReportFormat
    skipped_months: Sequence[str]


def find_wanted(report_id: UUID) -> Wanted | None:
    """Returns a report that is still to be made."""
    report = db.session.get(MonthlyReport, report_id)
    if report is None or report.status is not ReportStatus.QUEUED:
        return None
    owner = Identity(user_id=report.owner_id, session_id=None, timezone=report.timezone)
    subject = Subject(report.account_id, report.tag, report.label)
    made = (report.month, report.timezone, report.form, list(report.skipped_months))
    return Wanted(report.id, owner, subject, *made)


def record_file(report_id: UUID, *, key: str, size: int) -> MonthlyReport | None:
    """Mark a report ready. Returns None if it was deleted, or another worker was faster: the file is of no use then."""
    report = locked(select(MonthlyReport).where(MonthlyReport.id == report_id))
    if report is None or report.status is not ReportStatus.QUEUED:
        return None
    report.status, report.storage_key, report.size_bytes = ReportStatus.READY, key, size
    report.ready_at = clock.now()
    db.session.flush()
    return report


def record_failure(report_id: UUID, reason: FailureReason) -> None:
    """Mark a report failed, unless it was made or deleted meanwhile."""
    report = locked(select(MonthlyReport).where(MonthlyReport.id == report_id))
    if report is not None and report.status is ReportStatus.QUEUED:
        report.status, report.reason = ReportStatus.FAILED, reason
        db.session.flush()
