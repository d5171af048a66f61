"""`tiktok-api export`: an account's readings and videos in a file for other programs."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import IO, Any

import click
from sqlalchemy import Select, select

from tiktok_api.analytics.models import AccountReading, Video, VideoReading
from tiktok_api.cli.application import with_app
from tiktok_api.cli.commands.accounts import find_account
from tiktok_api.cli.utc_time import UtcTime
from tiktok_api.db import snapshot

_ROWS_AT_ONCE = 1_000
_READING = (AccountReading.captured_at, AccountReading.followers, AccountReading.following)
_VIDEO = (Video.posted_at, Video.title, Video.description, Video.share_url, Video.duration_seconds)
_COUNTERS = ("views", "likes", "comments", "shares")
DATA: dict[str, tuple[Sequence[Any], Any]] = {
    "readings": ((*_READING, AccountReading.likes, AccountReading.videos), AccountReading.captured_at),
    "videos": (
        (Video.video_id, *_VIDEO, *(getattr(Video, name) for name in _COUNTERS), Video.captured_at, Video.gone_at),
        Video.listed_at,
    ),
    "video-readings": (
        (Video.video_id, VideoReading.captured_at, *(getattr(VideoReading, name) for name in _COUNTERS)),
        VideoReading.captured_at,
    ),
}
"""What can be exported: its columns, and the time by which it is bounded and ordered."""


@click.command("export")
@click.argument("account")
@click.option("--data", type=click.Choice(list(DATA)), default="readings", show_default=True)
@click.option("--format", "form", type=click.Choice(["csv", "ndjson"]), default="csv", show_default=True)
@click.option("--from", "since", type=UtcTime(), help="At or after this moment, in UTC.")
@click.option("--to", "until", type=UtcTime(), help="Before this moment, in UTC.")
@click.option(
    "--output", type=click.File("w", encoding="utf-8", lazy=True), default="-", help="A file; else standard output."
)
@with_app
def export(account: str, data: str, form: str, since: datetime | None, until: datetime | None, output: IO[str]) -> None:
    """Write what TikTok said about ACCOUNT (an id or a @username).

    `readings` are the profile's counters, one row for each time they were read; `videos` the listed videos with their
    latest numbers; `video-readings` each video's counters over time. What TikTok did not say is empty in CSV and null in
    NDJSON. In CSV, text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    query, names = _query(account, data, since, until)
    write = _write_csv if form == "csv" else _write_ndjson
    with snapshot() as session:
        rows = session.execute(query.execution_options(yield_per=_ROWS_AT_ONCE))
        count = write(output, names, (tuple(row) for row in rows))
    click.echo(f"{count} rows", err=True)


def _query(account: str, data: str, since: datetime | None, until: datetime | None) -> tuple[Select[Any], list[str]]:
    columns, moment = DATA[data]
    account_id = find_account(account).id
    query: Select[Any] = select(*columns).order_by(moment)
    if data == "video-readings":
        query = query.join(Video, Video.id == VideoReading.video_id).where(Video.account_id == account_id)
    else:
        query = query.where(moment.class_.account_id == account_id)
    if since is not None:
        query = query.where(moment >= since)
    if until is not None:
        query = query.where(moment < until)
    return query, [column.key for column in columns]


def _write_csv(output: IO[str], names: list[str], rows: Iterable[tuple[Any, ...]]) -> int:
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(names)
    count = 0
    for row in _plain(rows):
        writer.writerow([_harmless(value) for value in row])
        count += 1
    return count


def _write_ndjson(output: IO[str], names: list[str], rows: Iterable[tuple[Any, ...]]) -> int:
    count = 0
    for row in _plain(rows):
        output.write(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n")
        count += 1
    return count


def _plain(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[Any]]:
    """Rows with times as RFC 3339 in UTC."""
    for row in rows:
        yield [_as_utc(value) if isinstance(value, datetime) else value for value in row]


def _as_utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _harmless(value: Any) -> Any:
    """A text that no spreadsheet takes for a formula: https://owasp.org/www-community/attacks/CSV_Injection"""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
