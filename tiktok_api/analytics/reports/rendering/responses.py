"""The file of a report as a response: a page that a browser may show, but that runs and fetches nothing."""

from typing import Any

from flask import Response

from tiktok_api.analytics.reports.models import ReportFormat
from tiktok_api.db import end_reading
from tiktok_api.errors import NotFound
from tiktok_api.extensions import service
from tiktok_api.storage.errors import StorageMissing
from tiktok_api.storage.port import Storage
from tiktok_api.web import conditional

TYPES = {ReportFormat.HTML: "text/html; charset=utf-8", ReportFormat.PDF: "application/pdf"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox allow-popups"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": _POLICY,
}


def serve(report: Any) -> Response:
    """The file of a ready report. Raises NotFound if it is gone, StorageUnreachable."""
    end_reading()
    form = ReportFormat(report.form)
    try:
        content = b"".join(service(Storage).read(report.storage_key, 0, report.size_bytes - 1))
    except StorageMissing:
        raise NotFound from None
    response = Response(content, content_type=TYPES[form], headers=_HEADERS)
    response.headers["Content-Disposition"] = f'inline; filename="report-{report.month}.{form.value}"'
    return conditional.tag(response, report.storage_key)
