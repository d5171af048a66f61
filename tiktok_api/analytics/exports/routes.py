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
from tiktok_api.analytics.exports.columns import AboutPosts
from tiktok_api.analytics.exports.datasets import DATASETS
from tiktok_api.analytics.exports.errors import AsOfInFuture, NotByLabel, OnlyOfNow, PostNotNamed, WorkbookTooLarge
from tiktok_api.analytics.exports.schemas import ABOUT_POSTS, ExportArgsSchema
from tiktok_api.analytics.videos.errors import TooManyPosts
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
@blp.raises(WindowBackwards, WindowOutOfRange, WindowTooLong, OnlyOfNow, PostNotNamed, TooManyPosts)
def export_analytics(args: dict[str, Any]) -> Response:
    """Export readings or answers as CSV, NDJSON or a workbook

    Columns keep their names and order. Each row says where its numbers come from: `source`, `captured_at`, `changed_since`,
    `is_restated`, `reason` and the version of the definitions. What is not known is empty in CSV and null in NDJSON, never 0.
    In CSV, a text that begins with `=`, `+`, `-`, `@`, a tab or CR has an apostrophe in front, so that no spreadsheet runs it.

    CSV and NDJSON are sent as they are read, however many rows there are; if that fails, the connection breaks before the end
    of the body. A workbook has 250,000 rows at most. Stored readings are of all times unless `from` is given. Rows are in the
    order of accounts, then of time; those of `leaderboard` in the order of their ranks. The same request with the same `as_of` gives the same file, until readings older than 90
    days are thinned, an account is disconnected or its username changes. `hashtags`, `best_times` and `post_days` know the latest
    numbers alone and refuse an `as_of` in the past.

    Each query of analytics has its file: `summary` and `timeseries` are those of `/analytics/accounts/{account_id}`, one account
    after the other; `overview` is `/analytics/summary` and the metrics of `/analytics/overview`, `timeseries_of_all` is
    `/analytics/timeseries`, and with `growth`, `engagement` and `compare` they also make up `/analytics/dashboard`; `leaderboard` is
    `/analytics/posts` to its end, so that by what was gained it has no posts of an account that was not read before the window: ask
    `by=total` then. `hashtags` and `best_times` are those, `post_days` is `/analytics/posts/{post_id}`, and `videos` is the list of each account's videos. `account_readings`, `account_totals` and `video_readings` are what all is made of.
    """
    form, has_mark = args.pop("form"), args.pop("bom")
    asked = {name: args.pop(name) for name in ABOUT_POSTS if name in args}
    about = AboutPosts(metric=args.pop("post_metric"), **asked)
    export = services.open_export(cast(Any, caller)._get_current_object(), about_posts=about, **args)
    return responses.serve(export, form=form, has_mark=has_mark)
