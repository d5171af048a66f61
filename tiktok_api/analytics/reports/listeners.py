"""What other domains tell reports, in their own transactions; `composition` subscribes these."""

from uuid import UUID

from sqlalchemy import delete, select

from tiktok_api.accounts.models import Account
from tiktok_api.analytics.reports.models import MAKE_REPORT, MonthlyReport, ReportSchedule
from tiktok_api.analytics.reports.schedules import job_key
from tiktok_api.db import db
from tiktok_api.jobs import queue
from tiktok_api.media import deduplication

_AT_ONCE = 500


def forget_account(account: Account) -> None:
    """Delete the reports and schedules of an account that is disconnected, with their files and jobs."""
    _forget(account.owner_id, MonthlyReport.account_id == account.id, ReportSchedule.account_id == account.id)


def forget_user(user_id: UUID) -> None:
    """Delete a user's reports and schedules, with their files and jobs."""
    _forget(user_id, MonthlyReport.owner_id == user_id, ReportSchedule.owner_id == user_id)


def _forget(owner_id: UUID, reports: object, schedules: object) -> None:
    for schedule_id in db.session.scalars(select(ReportSchedule.id).where(schedules)):  # type: ignore[arg-type]
        queue.cancel(job_key(schedule_id))
    made = db.session.execute(select(MonthlyReport.id, MonthlyReport.storage_key).where(reports)).all()  # type: ignore[arg-type]
    for first in range(0, len(made), _AT_ONCE):
        deduplication.release_bytes(owner_id, [row.storage_key for row in made[first : first + _AT_ONCE]])
    for row in made:
        queue.cancel(f"{MAKE_REPORT}:{row.id}")
    for model, condition in ((MonthlyReport, reports), (ReportSchedule, schedules)):
        gone = delete(model).where(condition).execution_options(synchronize_session=False)  # type: ignore[arg-type]
        db.session.execute(gone)


def used_keys(*, keys: list[str]) -> set[str]:
    """Those of `keys` that a report uses, so that the cleanup leaves them."""
    return {
        key
        for key in db.session.scalars(select(MonthlyReport.storage_key).where(MonthlyReport.storage_key.in_(keys)))
        if key
    }
