"""kill -9 before and after every commit of making a report: the next worker makes it, once, and its file is whole."""

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.kill.deaths import MOMENTS, meet_all
from tests.kill.launcher import Fate
from tests.kill.scene import Case, Stage, count_steps, wait_for
from tiktok_api import clock
from tiktok_api.accounts.models import Account
from tiktok_api.analytics.reports.models import MAKE_REPORT, MonthlyReport, ReportFormat, ReportStatus
from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.models import Job
from tiktok_api.posts.models import PUBLISH

LATER = datetime.fromisoformat("2100-01-01T00:00:00Z")


def new_case(stage: Stage, name: str) -> Case:
    """A case in which a report is to be made, and nothing else."""
    case = stage.new_case(name)
    with Session(case.engine) as session, session.begin():
        session.execute(update(Job).where(Job.kind == PUBLISH).values(due_at=LATER))
        account = session.scalars(select(Account)).one()
        report = MonthlyReport(
            owner_id=account.owner_id, account_id=account.id, month="2026-02", timezone="UTC", form=ReportFormat.PDF
        )
        session.add(report)
        session.flush()
        key = f"{MAKE_REPORT}:{report.id}"
        due = {"owner_id": account.owner_id, "subject": report.id, "unique_key": key, "due_at": clock.now()}
        session.add(Job(kind=MAKE_REPORT, lane=Lane.SYNC, **due))
    return case


def is_made(case: Case) -> bool:
    with case.engine.connect() as connection:
        return connection.scalar(select(Job.id).where(Job.kind == MAKE_REPORT)) is None


def check_made_once(case: Case, folder: Path) -> None:
    with case.engine.connect() as connection:
        row = connection.execute(
            select(MonthlyReport.status, MonthlyReport.storage_key, MonthlyReport.size_bytes, MonthlyReport.ready_at)
        ).one()
    assert row.status is ReportStatus.READY
    [file] = [each for each in folder.rglob("*") if each.is_file() and row.storage_key in each.name]
    content = file.read_bytes()
    assert (len(content), content[:5]) == (row.size_bytes, b"%PDF-")


@pytest.mark.parametrize("when", MOMENTS)
def test_a_worker_killed_at_any_commit_of_a_report_is_succeeded(small_stage, when):
    undisturbed = new_case(small_stage, f"undisturbed report, {when}")
    with undisturbed.worker() as worker:
        wait_for(lambda: is_made(undisturbed))
    commits = count_steps(worker.steps)["commit"]

    def meet(fate: Fate) -> str | None:
        case = new_case(small_stage, f"report, {fate}")
        with case.worker(fate) as first:
            first.wait_until_killed()
        with case.worker():
            wait_for(lambda: is_made(case))
        try:
            check_made_once(case, small_stage.folder)
        except AssertionError as error:
            return f"{fate}: {error}"
        return None

    check_made_once(undisturbed, small_stage.folder)
    assert commits >= 2
    meet_all([Fate("commit", number, when) for number in range(1, commits + 1)], meet, at_once=2)
