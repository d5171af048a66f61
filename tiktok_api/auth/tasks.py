"""The jobs of auth: sending emails, deleting what is old."""

from datetime import timedelta

import structlog

from tiktok_api.auth import api_keys, audit, sessions
from tiktok_api.auth.emails import messages
from tiktok_api.auth.emails.mailer import Mailer, Undeliverable
from tiktok_api.auth.proofs import registrations
from tiktok_api.db import transaction
from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.registry import ClaimedJob, hourly, task
from tiktok_api.settings import Settings
from tiktok_api.web import idempotency

log = structlog.get_logger(__name__)


@task(messages.SEND, lane=Lane.DELIVER, most_failures=20)
def send_mail(job: ClaimedJob, *, mailer: Mailer, settings: Settings) -> None:
    """Send an email, if there still is something to say. A try that fails leaves the hash of a token that was never sent."""
    with transaction():
        email = messages.draft(**job.payload, settings=settings)
    if email is None:
        return
    try:
        mailer.send(email.to, email.subject, email.text)
    except Undeliverable as error:
        log.warning("mail.undeliverable", email=str(email.id), error=str(error))
    with transaction():
        messages.mark_sent(email.id)


@task("auth.sweep", lane=Lane.SYNC, every=hourly)
def sweep_auth(job: ClaimedJob, *, settings: Settings) -> None:
    """Delete what is over: sessions, keys, emails, stored answers, old audit entries, registrations never proven."""
    with transaction():
        sessions.sweep()
        api_keys.sweep()
        messages.sweep()
        registrations.sweep()
        audit.sweep(timedelta(days=settings.audit_days))
        idempotency.sweep()
