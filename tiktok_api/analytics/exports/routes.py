"""The endpoint of exports: read the request, open the export, send it."""

from typing import Any, cast

from flask import Response

from tiktok_api.analytics.errors import (
    TooManyAccounts,
    TooManyReadings,
    WindowBackwards,
    WindowOutOfRange,
    WindowTooLong,
)
from tiktok_api.analytics.exports import responses, services
from tiktok_api.analytics.exports.datasets import DATASETS
from tiktok_api.analytics.exports.errors import AsOfInFuture, NotByLabel, WorkbookTooLarge
from tiktok_api.analytics.exports.schemas import ExportArgsSchema
from tiktok_api.auth.identity import caller
from tiktok_api.errors import NotFound
from tiktok_api.extensions import limiter
from tiktok_api.web.blueprint import Blueprint
from tiktok_api.web.openapi.operations import file_schema
from tiktok_api.web.transfers.places import ServerBusy

blp = Blueprint(
    "exports", __name__, url_prefix="/analytics", domain="analytics", description="Numbers in files for other programs"
)

EXPORTS_PER_MINUTE = "20/minute"
_EXAMPLE = "account_id,username,captured_at,followers,…\r\n01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e,ada,2027-03-02T11:40:12Z,18412,…\r\n"
_DOC = {
    "200": {
        "description": "The file. "
        + " ".join(
            f"Columns of `{name}`: {', '.join(column.name for column in dataset.columns)}."
            for name, dataset in DATASETS.items()
        ),
        "headers": {
            "Content-Disposition": {"schema": {"type": "string"}, "description": "The name of the file."},
            "X-As-Of": {
                "schema": {"type": "string", "format": "date-time"},
                "description": "Sent as `as_of`: the same file.",
            },
        },
        "content": {
            "text/csv": {"schema": {"type": "string"}, "example": _EXAMPLE},
            "application/x-ndjson": {
                "schema": {"type": "string"},
                "example": '{"account_id": "…", "followers": 18412}\n',
            },
            responses.WORKBOOK: {"schema": file_schema(responses.WORKBOOK)},
        },
    }
}


@blp.get("/export")
@blp.counted_apart
@limiter.limit(EXPORTS_PER_MINUTE)
@blp.arguments(ExportArgsSchema, location="query")
@blp.doc(responses=_DOC)
@blp.response(200, content_type="text/csv")
@blp.raises(NotFound, AsOfInFuture, NotByLabel, TooManyAccounts, TooManyReadings, WorkbookTooLarge, ServerBusy)
@blp.raises(WindowBackwards, WindowOutOfRange, WindowTooLong)
def export_analytics(args: dict[str, Any]) -> Response:
    """Export readings or answers as CSV, NDJSON or a workbook

    Columns keep their names and order. Each row says where its numbers come from: `source`, `captured_at`, `changed_since`,
    `is_restated`, `reason` and the version of the definitions. What is not known is empty in CSV and null in NDJSON, never 0.
    In CSV, a text that begins with `=`, `+`, `-`, `@`, a tab or CR has an apostrophe in front, so that no spreadsheet runs it.

    CSV and NDJSON are sent as they are read, however many rows there are; if that fails, the connection breaks before the end
    of the body. A workbook has 250,000 rows at most. Stored readings are of all times unless `from` is given. Rows are in the
    order of accounts, then of time. The same request with the same `as_of` gives the same file, until readings older than 90
    days are thinned, an account is disconnected or its username changes.
    """
    form, has_mark = args.pop("form"), args.pop("bom")
    export = services.open_export(cast(Any, caller)._get_current_object(), **args)
    return responses.serve(export, form=form, has_mark=has_mark)
