"""The endpoints of reports and their schedules: read the request, call one service, return its result."""

from typing import Any
from uuid import UUID

from flask import Response

from tiktok_api.analytics.reports import queries, schedules, services
from tiktok_api.analytics.reports.errors import (
    AccountNotYours,
    MonthNotBegun,
    MonthTooEarly,
    NothingToDeliver,
    ReportNotReady,
    SubjectNotOne,
    TooManyReports,
    TooManySchedules,
    WebhookUrlRefused,
)
from tiktok_api.analytics.reports.models import REPORT_LINK
from tiktok_api.analytics.reports.rendering import responses
from tiktok_api.analytics.reports.schemas import (
    NewReportScheduleSchema,
    ReportListArgsSchema,
    ReportRequestSchema,
    ReportScheduleChangesSchema,
    ReportScheduleRequestSchema,
    ReportScheduleSchema,
    ReportSchema,
)
from tiktok_api.auth.errors import KeyConfined
from tiktok_api.auth.identity import caller
from tiktok_api.db import transaction
from tiktok_api.encryption import Encryptor
from tiktok_api.errors import NotFound, StaleVersion
from tiktok_api.extensions import limiter, service
from tiktok_api.media.errors import StorageUnavailable
from tiktok_api.outbound import Fetcher
from tiktok_api.web import signed_links
from tiktok_api.web.blueprint import Blueprint
from tiktok_api.web.conditional import must_be_current
from tiktok_api.web.limits import client_network
from tiktok_api.web.openapi.operations import file_schema
from tiktok_api.web.pagination import Page, PageArgsSchema
from tiktok_api.web.schemas import page_of
from tiktok_api.web.signed_links import LINKS_PER_MINUTE, LinkArgsSchema, LinkExpired, LinkSignatureInvalid

blp = Blueprint(
    "reports", __name__, url_prefix="/analytics/reports", domain="analytics", description="A month as a page for people"
)
schedules_blp = Blueprint(
    "report_schedules",
    __name__,
    url_prefix="/analytics/report-schedules",
    domain="analytics",
    description="Reports of each month, by mail and webhook",
)

_TYPES = ("text/html", "application/pdf")
_FILE_DOC = {
    "200": {"description": "The page.", "content": {kind: {"schema": file_schema(kind)} for kind in _TYPES}},
    "304": {"description": "You have it already."},
}
_SUBJECT_PROBLEMS = (SubjectNotOne, AccountNotYours, KeyConfined)


@blp.post("")
@blp.arguments(ReportRequestSchema)
@blp.response(202, ReportSchema)
@blp.raises(*_SUBJECT_PROBLEMS, MonthNotBegun, MonthTooEarly, TooManyReports)
def request_report(wish: dict[str, Any]) -> dict[str, Any]:
    """Have a report made

    Of a month that is over, or of the present one so far: numbers beside those of the month before, charts, top posts, and the
    days that were not read. A worker makes it within seconds; then it is `ready` and has a `content_url`. A key that is confined
    to accounts makes reports of these, each by itself.
    """
    with transaction():
        return queries.show_report(caller, services.request(caller, **wish))


@blp.get("")
@blp.arguments(ReportListArgsSchema, location="query")
@blp.response(200, page_of(ReportSchema))
def list_reports(args: dict[str, Any]) -> Page:
    """List reports, the newest first"""
    filters = {name: args[name] for name in ("status", "account_id", "schedule_id", "month") if name in args}
    return queries.list_reports(caller, args, **filters)


@blp.get("/<uuid:report_id>")
@blp.response(200, ReportSchema)
def show_report(report_id: UUID) -> dict[str, Any]:
    """Show a report and how it was delivered"""
    return queries.show_report(caller, report_id)


@blp.get("/<uuid:report_id>/content")
@blp.doc(responses=_FILE_DOC, parameters=["IfNoneMatch"])
@blp.response(200)
@blp.raises(ReportNotReady, StorageUnavailable)
def show_report_content(report_id: UUID) -> Response:
    """Show the page itself, as HTML or PDF

    It runs no script and fetches nothing, and may be saved or printed.
    """
    report = queries.find_report(caller, report_id)
    if report.storage_key is None:
        raise ReportNotReady(status=report.status.value)
    return responses.serve(report)


@blp.get("/<uuid:report_id>/linked-content")
@blp.public
@blp.counted_apart
@limiter.shared_limit(LINKS_PER_MINUTE, scope="links", key_func=client_network)
@blp.arguments(LinkArgsSchema, location="query")
@blp.doc(responses=_FILE_DOC, parameters=["IfNoneMatch"])
@blp.response(200)
@blp.raises(LinkSignatureInvalid, LinkExpired, NotFound, StorageUnavailable)
def show_linked_report(link: dict[str, str], report_id: UUID) -> Response:
    """Show the page that a `content_url` leads to

    Take the URL from the report, or from its e-mail or webhook, where it is valid for 14 days: it is signed and needs no token.
    """
    report = queries.find_signed(report_id)
    signed_links.must_be_signed(REPORT_LINK, report_id, report.storage_key if report else None, **link)
    if report is None:
        raise NotFound
    return signed_links.let_browsers_keep(responses.serve(report), expires=link["expires"])


@blp.delete("/<uuid:report_id>")
@blp.response(204)
@blp.raises(StaleVersion)
def delete_report(report_id: UUID) -> None:
    """Delete a report; its links end"""
    with transaction():
        services.get_report(caller, report_id)
        must_be_current(ReportSchema, queries.show_report(caller, report_id))
        services.delete(caller, report_id)


@schedules_blp.post("")
@schedules_blp.arguments(ReportScheduleRequestSchema)
@schedules_blp.response(201, NewReportScheduleSchema)
@schedules_blp.raises(*_SUBJECT_PROBLEMS, NothingToDeliver, WebhookUrlRefused, TooManySchedules)
def create_report_schedule(wish: dict[str, Any]) -> dict[str, Any]:
    """Have a report made of each month

    On the first day of each month at 6 in its zone the month before is made, once, and sent by mail, by webhook or both. If the
    server did not run for longer, only the last month is made, and says which it skipped. A webhook has the headers
    `webhook-id`, `webhook-timestamp` and `webhook-signature` of Standard Webhooks; the secret is shown this once.
    """
    with transaction():
        schedule_id, secret = schedules.create(caller, **wish, encryptor=service(Encryptor), fetcher=service(Fetcher))
        return queries.show_schedule(caller, schedule_id) | {"webhook_secret": secret}


@schedules_blp.get("")
@schedules_blp.arguments(PageArgsSchema, location="query")
@schedules_blp.response(200, page_of(ReportScheduleSchema))
def list_report_schedules(args: dict[str, Any]) -> Page:
    """List the schedules of reports, the newest first"""
    return queries.list_schedules(caller, args)


@schedules_blp.get("/<uuid:schedule_id>")
@schedules_blp.response(200, ReportScheduleSchema)
def show_report_schedule(schedule_id: UUID) -> dict[str, Any]:
    """Show a schedule of reports"""
    return queries.show_schedule(caller, schedule_id)


@schedules_blp.patch("/<uuid:schedule_id>")
@schedules_blp.arguments(ReportScheduleChangesSchema)
@schedules_blp.response(200, ReportScheduleSchema)
@schedules_blp.raises(StaleVersion, NothingToDeliver, WebhookUrlRefused)
def update_report_schedule(changes: dict[str, Any], schedule_id: UUID) -> dict[str, Any]:
    """Change a schedule of reports

    What is on its way already is sent to where the schedule says then.
    """
    with transaction():
        schedules.get_schedule(caller, schedule_id)
        must_be_current(ReportScheduleSchema, queries.show_schedule(caller, schedule_id))
        schedules.update(caller, schedule_id, fetcher=service(Fetcher), **changes)
        return queries.show_schedule(caller, schedule_id)


@schedules_blp.delete("/<uuid:schedule_id>")
@schedules_blp.response(204)
@schedules_blp.raises(StaleVersion)
def delete_report_schedule(schedule_id: UUID) -> None:
    """Delete a schedule of reports; those that it has made stay"""
    with transaction():
        schedules.get_schedule(caller, schedule_id)
        must_be_current(ReportScheduleSchema, queries.show_schedule(caller, schedule_id))
        schedules.delete(caller, schedule_id)
