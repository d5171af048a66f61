"""When letters are sent, and what has had its time is forgotten."""

from datetime import timedelta

import structlog

from tiktok_api import clock
from tiktok_api.auth import api_keys, audit, services, sessions
from tiktok_api.auth.emails import messages
from tiktok_api.auth.emails.mailer import Mailer, Undeliverable
from tiktok_api.db import transaction
from tiktok_api.jobs.registry import ClaimedJob, RunAgain, task
from tiktok_api.settings import Settings
from tiktok_api.web import idempotency

log = structlog.get_logger(__name__)


@task(messages.SEND, most_failures=20)
def send_mail(job: ClaimedJob, *, mailer: Mailer, settings: Settings) -> None:
    """Send a letter to whoever it is for, if anybody. A try that fails leaves a token that nobody has seen."""
    with transaction():
        letter = messages.draft(**job.payload, settings=settings)
    if letter is None:
        return
    try:
        mailer.send(letter.to, letter.subject, letter.text)
    except Undeliverable as error:
        log.warning("mail.undeliverable", letter=str(letter.id), error=str(error))
    with transaction():
        messages.note_sent(letter.id)


def _hourly(_settings: Settings) -> timedelta:
    return timedelta(hours=1)


@task("auth.sweep", every=_hourly)
def sweep_auth(job: ClaimedJob, *, settings: Settings) -> RunAgain:
    """Forget what is over: sessions, keys, letters, answers to repeat, old audit entries, people without a proven address."""
    with transaction():
        sessions.sweep()
        api_keys.sweep()
        messages.sweep()
        services.forget_unproven()
        audit.sweep(timedelta(days=settings.audit_days))
        idempotency.sweep()
    return RunAgain(clock.now() + _hourly(settings))
