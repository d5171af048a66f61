"""The rows of what was stored: readings of accounts.

Every batch is a query of its own that begins after the last row of the one before, by an index; so a million rows need the
memory of one batch, and no transaction stays open while a client takes its time.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, cast, literal_column, select

from tiktok_api.accounts.models import Account
from tiktok_api.analytics.exports.columns import Inquiry, Rows, owner_of_row, provenance
from tiktok_api.analytics.metrics import VIDEO_COUNTERS, Reason
from tiktok_api.analytics.models import AccountReading, AccountTotals
from tiktok_api.db.reads import Given, Read, reading
from tiktok_api.errors import NotFound

AT_ONCE = 1_000
_MOMENT = timedelta(microseconds=1)

PROFILE_COUNTERS = ("followers", "following", "likes", "videos")
GAINED = tuple(f"{name}_gained" for name in VIDEO_COUNTERS)


def columns_of(model: Any, *names: str) -> list[Any]:
    """The columns of a model by their names."""
    return [getattr(model, name) for name in names]


def _ledger(model: Any, *names: str) -> Callable[[Given], Select[Any]]:
    """The rows of an account with these columns and how often each counter was lowered, as they were captured."""
    counters = PROFILE_COUNTERS if model is AccountReading else VIDEO_COUNTERS
    drops: ColumnElement[int] = sum(
        (cast(getattr(model, f"{name}_drops"), BigInteger) for name in counters), start=literal_column("0")
    )

    def build(given: Given) -> Select[Any]:
        query = select(*columns_of(model, *names), drops.label("drops")).where(model.account_id == given["account_id"])
        if "until" not in given:  # the row before
            before = model.captured_at <= given["after"]
            return query.where(before).order_by(model.captured_at.desc()).limit(literal_column("1"))
        query = query.where(model.captured_at > given["after"], model.captured_at < given["until"])
        return query.order_by(model.captured_at).limit(literal_column(str(AT_ONCE)))

    return build


_TOTALS = ("captured_at", "started_at", "source", "videos_counted", *VIDEO_COUNTERS, *GAINED)


@reading
def _account_readings(given: Given) -> Select[Any]:
    return _ledger(AccountReading, "captured_at", "source", *PROFILE_COUNTERS)(given)


@reading
def _account_totals(given: Given) -> Select[Any]:
    return _ledger(AccountTotals, *_TOTALS)(given)


def account_readings(question: Inquiry) -> Rows:
    """Each time the profile of an account was read."""
    for account, row, is_restated in _in_ledger(question, _account_readings):
        counters = row[2:-1]
        reason = Reason.LEFT_OUT_BY_TIKTOK.value if None in counters else None
        how = provenance(row.source, is_restated=is_restated, reason=reason)
        yield *owner_of_row(account), row.captured_at, *counters, *how


def account_totals(question: Inquiry) -> Rows:
    """Each time the videos of an account were read to the end."""
    for account, row, is_restated in _in_ledger(question, _account_totals):
        how = provenance(row.source, is_restated=is_restated, reason=None)
        yield *owner_of_row(account), row.captured_at, row.started_at, *row[3:-1], *how


@reading
def _present(given: Given) -> Select[Any]:
    columns: list[Any] = [Account.id]
    return select(*columns).where(Account.id == given["account_id"])


def must_be_there(account: Any) -> None:
    """Breaks the export off if the account was deleted while it was read: a part must not pass for the whole."""
    if _present.first(account_id=account.id) is None:
        raise NotFound


def _in_ledger(question: Inquiry, read: Read) -> Iterator[tuple[Any, Any, bool]]:
    """The accounts' rows in the window, and whether TikTok had lowered a counter since the row before."""
    until = question.window.ends_at
    for account in question.selection.accounts:
        after = question.window.starts_at - _MOMENT
        before = read.first(account_id=account.id, after=after)
        drops = before.drops if before else 0
        while rows := read.all(account_id=account.id, after=after, until=until):
            for row in rows:
                yield account, row, row.drops > drops
                drops = row.drops
            if len(rows) < AT_ONCE:
                break
            after = rows[-1].captured_at
        must_be_there(account)
