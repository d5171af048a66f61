"""`tiktok-api analytics`: reading everything that TikTok lists, and computing again what was derived from it."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Protocol

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import select

from tiktok_api.accounts.models import Account
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.analytics.collection.page_reader import Backfill, PageStored, Postponed
from tiktok_api.analytics.collection.rebuild import rebuild as rebuild_account
from tiktok_api.cli.application import with_app
from tiktok_api.cli.commands.accounts import find_account
from tiktok_api.cli.commands.analytics_export import export
from tiktok_api.cli.output import json_option, make_console, show_rows
from tiktok_api.db import db, end_reading, transaction
from tiktok_api.extensions import service

MOST_PAUSES = 30
"""So often TikTok may ask for a pause in a row, of a minute mostly, before the next account has its turn."""
_PAGES_BETWEEN_LINES = 10

accounts_argument = click.argument("accounts", nargs=-1, metavar="[ACCOUNT]...")
all_option = click.option("--all", "is_all", is_flag=True, help="Every account.")


@click.group("analytics")
def analytics() -> None:
    """Readings of accounts and videos."""


analytics.add_command(export)


@analytics.command("backfill")
@accounts_argument
@all_option
@json_option
@with_app
def backfill(accounts: tuple[str, ...], is_all: bool, as_json: bool) -> None:
    """Read every video that TikTok lists of accounts, named by their ids or @usernames.

    Workers read the newest 10,000 videos; this reads to the end of the list, at TikTok's pace. If it is stopped, the same command
    resumes within a day; so does a worker. Read again, a video gets one more reading and nothing else.
    """
    vault = service(TokenVault)
    chosen = _chosen(accounts, is_all, only_connected=True)
    with _progress() as shown:
        rows = [_backfill(account, vault, shown) for account in chosen]
    show_rows(rows, ("account", "videos", "pages", "outcome"), as_json=as_json, if_none="There are no accounts.")
    if any(row["outcome"] != "done" for row in rows):
        raise click.exceptions.Exit(1)


@analytics.command("rebuild")
@accounts_argument
@all_option
@json_option
@with_app
def rebuild(accounts: tuple[str, ...], is_all: bool, as_json: bool) -> None:
    """Compute sums, days and what each video had once more, from the readings of accounts.

    The result is the same unless rows were changed or lost; `different` counts those that are put right. One account is one
    transaction, so the command may be stopped and run again.
    """
    rows = []
    for account in _chosen(accounts, is_all):
        with transaction():
            done = rebuild_account(account.id)
        rows.append({"account": _name(account), "id": account.id, "totals": done.totals, "different": done.different})
    show_rows(rows, ("account", "totals", "different"), as_json=as_json, if_none="There are no accounts.")


def _chosen(names: Sequence[str], is_all: bool, *, only_connected: bool = False) -> list[Account]:
    if bool(names) == is_all:
        raise click.UsageError("Name accounts, or say --all.")
    found = [find_account(name) for name in names]
    if is_all:
        every = db.session.scalars(select(Account).order_by(Account.created_at, Account.id))
        found = [account for account in every if account.is_connected or not only_connected]
    db.session.expunge_all()  # they are only looked at, and transactions come in between
    end_reading()
    return found


def _name(account: Account) -> str:
    return f"@{account.username}" if account.username else str(account.id)


class _Shown(Protocol):
    """Where progress is shown."""

    def begin(self, name: str, expected: int | None) -> None: ...

    def show(self, videos: int, pages: int, note: str = "") -> None: ...


def _backfill(account: Account, vault: TokenVault, shown: _Shown) -> dict[str, Any]:
    """Read one account. Returns what became of it."""
    reader, pauses, outcome = Backfill(account.id, vault), 0, None
    shown.begin(_name(account), account.video_count)
    while outcome is None:
        result = reader.read_next()
        progress = reader.progress()
        match result:
            case Postponed():
                pauses += 1
                shown.show(progress.videos, progress.pages, f"waits: {result.reason}")
                if pauses > MOST_PAUSES:
                    outcome = f"stopped: {result.reason}"
                else:
                    _pause(result.pause)
            case PageStored():
                pauses = 0
                shown.show(progress.videos, progress.pages)
                outcome = "done" if result.is_over else None
            case _:
                outcome = str(result.reason) if result.reason else "done"
    facts = {"account": _name(account), "id": account.id, "videos": progress.videos, "pages": progress.pages}
    return facts | {"outcome": outcome}


def _pause(pause: timedelta) -> None:
    time.sleep(max(0.0, pause.total_seconds()))


@contextmanager
def _progress() -> Iterator[_Shown]:
    """A bar on a terminal, else a line now and then; on standard error, so that the result can be piped."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("videos"))
    with Progress(
        *columns, TimeElapsedColumn(), TextColumn("{task.fields[note]}"), console=make_console(is_error=True)
    ) as bars:
        yield _Bars(bars)


class _Bars:
    """A bar for each account."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars

    def begin(self, name: str, expected: int | None) -> None:
        self._bar = self._bars.add_task(name, total=expected, note="")

    def show(self, videos: int, pages: int, note: str = "") -> None:
        self._bars.update(self._bar, completed=videos, note=note or f"page {pages}")


class _Lines:
    """A line for every tenth page, and for each pause."""

    def begin(self, name: str, expected: int | None) -> None:
        self._name, self._expected = name, "?" if expected is None else str(expected)
        self.show(0, 0, "begins")

    def show(self, videos: int, pages: int, note: str = "") -> None:
        if note or pages % _PAGES_BETWEEN_LINES == 0:
            about = f"{self._name}: {videos} of {self._expected} videos, {pages} pages"
            click.echo(f"{about}, {note}" if note else about, err=True)
