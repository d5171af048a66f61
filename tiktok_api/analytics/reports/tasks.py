"""The jobs of reports: making one, beginning what a schedule has due, sending it, deleting old ones."""

from datetime import timedelta
from typing import cast
from uuid import UUID

from tiktok_api.analytics.errors import TooManyAccounts, TooManyReadings
from tiktok_api.analytics.reports import content, making, schedules, services
from tiktok_api.analytics.reports.delivery import deliveries
from tiktok_api.analytics.reports.making import Wanted
from tiktok_api.analytics.reports.models import (
    BEGIN_SCHEDULED,
    DELIVER_REPORT,
    MAKE_REPORT,
    FailureReason,
)
from tiktok_api.analytics.reports.rendering import render
from tiktok_api.auth.emails.mailer import Mailer
from tiktok_api.db import end_reading, transaction
from tiktok_api.encryption import Encryptor
from tiktok_api.errors import NotFound
from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.registry import ClaimedJob, RunAgain, daily, task
from tiktok_api.outbound import Fetcher
from tiktok_api.settings import Settings
from tiktok_api.storage.port import Storage

_MOST_TRIES = 6
_NEVER = 1_000_000


@task(MAKE_REPORT, lane=Lane.SYNC, most_failures=_MOST_TRIES)
def make_report(job: ClaimedJob, *, storage: Storage) -> None:
    """Gather, draw and store a report. If the worker dies, the next one makes it again: it is stored once."""
    wanted = making.find_wanted(cast(UUID, job.subject))
    end_reading()
    if wanted is None:
        return
    try:
        _make(wanted, storage)
    except NotFound:
        _fail(wanted, FailureReason.ACCOUNT_GONE)
    except (TooManyAccounts, TooManyReadings):
        _fail(wanted, FailureReason.TOO_MANY_ACCOUNTS)
    except Exception:
        if job.attempts + 1 >= _MOST_TRIES:
            _fail(wanted, FailureReason.NOT_MADE)
        raise


def _make(wanted: Wanted, storage: Storage) -> None:
    found = content.gather(wanted.owner, wanted.subject, wanted.month, wanted.timezone, wanted.skipped_months)
    end_reading()
    made = render(found, wanted.form)
    key = storage.new_key()
    storage.put(key, made)
    with transaction():
        report = making.record_file(wanted.id, key=key, size=len(made))
        if report is not None:
            deliveries.add(report)
    if report is None:  # if the worker dies before, the cleanup finds bytes without a row
        storage.delete(key)


def _fail(wanted: Wanted, reason: FailureReason) -> None:
    with transaction():
        making.record_failure(wanted.id, reason)


@task(BEGIN_SCHEDULED, lane=Lane.SYNC, most_failures=_NEVER)
def begin_scheduled(job: ClaimedJob) -> RunAgain | None:
    """Begin the report of the month that is over, and come again when the next one is."""
    with transaction():
        at = schedules.begin_due(cast(UUID, job.subject))
    return RunAgain(at) if at else None


@task(DELIVER_REPORT, lane=Lane.DELIVER, most_failures=_NEVER)
def deliver_report(
    job: ClaimedJob, *, mailer: Mailer, fetcher: Fetcher, encryptor: Encryptor, settings: Settings
) -> RunAgain | None:
    """Send a report by one channel, again and again for a day."""
    pending = deliveries.find_pending(cast(UUID, job.subject), encryptor)
    end_reading()
    if pending is None:
        return None
    error = deliveries.send(pending, mailer=mailer, fetcher=fetcher, settings=settings)
    with transaction():
        at = deliveries.record(pending.id, error)
    return RunAgain(at) if at else None


@task("analytics.sweep_reports", lane=Lane.SYNC, every=daily)
def sweep_reports(job: ClaimedJob, *, settings: Settings) -> None:
    """Delete reports that are older than REPORTS_KEEP_DAYS, some at a time."""
    has_more = True
    while has_more:
        with transaction():
            has_more = services.sweep(timedelta(days=settings.reports_keep_days))
