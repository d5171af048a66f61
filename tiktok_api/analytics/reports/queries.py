"""Reading reports, with their links and deliveries, and schedules; a page in a fixed number of statements."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select

from tiktok_api.analytics.reports.models import (
    REPORT_LINK,
    MonthlyReport,
    ReportDelivery,
    ReportSchedule,
    ReportStatus,
)
from tiktok_api.auth.identity import Identity
from tiktok_api.auth.models import User
from tiktok_api.db.reads import Given, is_any, reading
from tiktok_api.web.link_target import LinkTarget
from tiktok_api.web.pagination import Keys, Page, in_pages, read_page

_REPORT_KEYS: Keys = (MonthlyReport.created_at, MonthlyReport.id)
_SCHEDULE_KEYS: Keys = (ReportSchedule.created_at, ReportSchedule.id)


def visible_to(
    caller: Identity, model: type[MonthlyReport] | type[ReportSchedule] = MonthlyReport
) -> list[ColumnElement[bool]]:
    """Returns the conditions for what the caller may see: a confined key, what is about its accounts alone."""
    mine = [model.owner_id == caller.user_id]
    return mine if caller.account_ids is None else [*mine, model.account_id.in_(caller.account_ids)]


def _reached(given: Given, model: Any) -> list[ColumnElement[bool]]:
    mine = [model.owner_id == given["owner_id"]]
    return [*mine, is_any(model.account_id, given["reached"])] if "reached" in given else mine


@reading
def _reports(given: Given) -> Select[Any]:
    query = select(MonthlyReport).where(*_reached(given, MonthlyReport))
    for name in ("id", "status", "account_id", "schedule_id", "month"):
        if name in given:
            query = query.where(is_any(getattr(MonthlyReport, name), given[name]))
    return in_pages(query, given, _REPORT_KEYS)


@reading
def _deliveries(given: Given) -> Select[Any]:
    query = select(ReportDelivery).where(is_any(ReportDelivery.report_id, given["ids"]))
    return query.order_by(ReportDelivery.report_id, ReportDelivery.channel)


@reading
def _schedules(given: Given) -> Select[Any]:
    query = select(ReportSchedule).where(*_reached(given, ReportSchedule))
    if "id" in given:
        query = query.where(ReportSchedule.id == given["id"])
    return in_pages(query, given, _SCHEDULE_KEYS)


@reading
def _signed(given: Given) -> Select[Any]:
    columns: tuple[Any, ...] = (
        MonthlyReport.storage_key,
        MonthlyReport.size_bytes,
        MonthlyReport.form,
        MonthlyReport.month,
    )
    query = select(*columns).join(User, User.id == MonthlyReport.owner_id)
    return query.where(MonthlyReport.id == given["id"], User.disabled_at.is_(None))


def list_reports(caller: Identity, args: dict[str, Any], **filters: Sequence[Any]) -> Page:
    """Returns a page of the caller's reports, the newest first. Raises InvalidCursor."""
    page = read_page(_reports, args, by=_REPORT_KEYS, **caller.reach, **filters)
    page.data = _with_parts(page.data)
    return page


def show_report(caller: Identity, report_id: UUID) -> dict[str, Any]:
    """Returns one of the caller's reports. Raises NotFound."""
    return _with_parts([find_report(caller, report_id)])[0]


def find_report(caller: Identity, report_id: UUID) -> Any:
    """Returns the row of one of the caller's reports. Raises NotFound."""
    return _reports.one(**caller.reach, id=[report_id])


def find_signed(report_id: UUID) -> Any | None:
    """Returns what a signed link to a report leads to; None if the report is gone, or its owner is disabled."""
    return _signed.first(id=report_id)


def _with_parts(rows: Sequence[Any]) -> list[dict[str, Any]]:
    sent = defaultdict(list)
    for delivery in _deliveries.all(ids=[row.id for row in rows]) if rows else ():
        sent[delivery.report_id].append(delivery)
    return [row._asdict() | {"deliveries": sent[row.id], "content_link": _link_to(row)} for row in rows]


def _link_to(row: Any) -> LinkTarget | None:
    if row.status is not ReportStatus.READY:
        return None
    return LinkTarget(REPORT_LINK, "report_id", row.id, row.storage_key)


def list_schedules(caller: Identity, args: dict[str, Any]) -> Page:
    """Returns a page of the caller's schedules, the newest first. Raises InvalidCursor."""
    page = read_page(_schedules, args, by=_SCHEDULE_KEYS, **caller.reach)
    page.data = [_shown(row) for row in page.data]
    return page


def show_schedule(caller: Identity, schedule_id: UUID) -> dict[str, Any]:
    """Returns one of the caller's schedules. Raises NotFound."""
    return _shown(_schedules.one(**caller.reach, id=schedule_id))


def _shown(row: Any) -> dict[str, Any]:
    facts: dict[str, Any] = row._asdict()
    return facts | {"deliver": {"mail": row.mail, "webhook_url": row.webhook_url}}
