"""What an e-mail and a webhook say of a report that is ready."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tiktok_api import clock
from tiktok_api.analytics.reports import months
from tiktok_api.analytics.reports.models import REPORT_LINK, MonthlyReport
from tiktok_api.settings import Settings
from tiktok_api.web import signed_links
from tiktok_api.web.link_target import LinkTarget
from tiktok_api.web.serializing import to_json

LINK_DAYS = 14
_PATH = "/api/v1/analytics/reports/{id}/linked-content"

_TEXT = """\
The report of {month} on {subject} is ready:

{url}

The link needs no password and works for {days} days; who has it sees the report. {skipped}To stop these e-mails, delete the
schedule at {server}.
"""
_SKIPPED = "There is none of {months}: the server did not run when they were due. "


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is told of a report, apart from its link."""

    subject: str
    facts: dict[str, Any]


def announce(report: MonthlyReport, username: str | None) -> Announcement:
    """What is told of this report."""
    about = {"account_id": report.account_id, "tag": report.tag, "label": report.label}
    facts = {
        "id": report.id,
        "schedule_id": report.schedule_id,
        **about,
        "month": report.month,
        "timezone": report.timezone,
        "format": report.form.value,
        "size_bytes": report.size_bytes,
        "ready_at": report.ready_at,
        "skipped_months": list(report.skipped_months),
        "storage_key": report.storage_key,
    }
    named = {"tag": f"the tag “{report.tag}”", "label": f"the label “{report.label}”"}
    kind = next((name for name in named if about[name] is not None), None)
    subject = named[kind] if kind else f"@{username}" if username else "your account"
    return Announcement(subject, facts)


def link_to(facts: dict[str, Any], settings: Settings) -> str:
    """A link to the report that is valid for 14 days from now."""
    target = LinkTarget(REPORT_LINK, "report_id", facts["id"], str(facts["storage_key"]))
    path = settings.public_url + _PATH.format(id=facts["id"])
    return signed_links.url_until(target, path, clock.now() + timedelta(days=LINK_DAYS))


def email_about(told: Announcement, settings: Settings) -> tuple[str, str]:
    """The subject and the text of the e-mail."""
    month = months.in_words(told.facts["month"])
    skipped = ", ".join(months.in_words(each) for each in told.facts["skipped_months"])
    said = {"month": month, "subject": told.subject, "days": LINK_DAYS, "server": settings.public_url}
    more = _SKIPPED.format(months=skipped) if skipped else ""
    title = f"{month}: the report on {told.subject}"
    return title, _TEXT.format(**said, url=link_to(told.facts, settings), skipped=more)


def webhook_about(told: Announcement, settings: Settings) -> bytes:
    """The body of the webhook."""
    data = {name: value for name, value in told.facts.items() if name != "storage_key"}
    link = {"content_url": link_to(told.facts, settings)}
    return to_json({"type": "report.ready", "timestamp": told.facts["ready_at"], "data": data | link})
