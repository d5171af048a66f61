"""Sealing anew, under the current key, what older keys have sealed: row by row, while the service runs.

A row is replaced only if it still is what was read, so whatever the service writes meanwhile wins; what it sealed under an
old key since is found by the next run. Stopping in the middle loses nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, LargeBinary, func, select, update

from tiktok_api.db import Model, db, end_reading, transaction
from tiktok_api.encryption import DecryptionFailed, Encryptor

_AT_ONCE = 100


@dataclass(slots=True)
class Tally:
    """What became of the values of one column that an older key had sealed."""

    resealed: int = 0
    overtaken: int = 0
    broken: int = 0


def sealed_columns() -> list[Column[bytes]]:
    """Every column that holds sealed values, which is every binary one."""
    tables = Model.metadata.sorted_tables
    return [column for table in tables for column in table.columns if isinstance(column.type, LargeBinary)]


def count_old(column: Column[bytes], encryptor: Encryptor) -> int:
    """How many values an older key has sealed."""
    count = db.session.scalar(select(func.count()).select_from(column.table).where(_is_old(column, encryptor))) or 0
    end_reading()
    return count


def reseal(column: Column[bytes], encryptor: Encryptor, *, note: Callable[[int], None] = lambda _: None) -> Tally:
    """Seal the old values of a column anew, a hundred at a time; `note` hears how many more have been looked at."""
    tally, last = Tally(), UUID(int=0)
    while rows := _read(column, encryptor, after=last):
        last = rows[-1].id
        for row in rows:
            _reseal_one(column, row, encryptor, tally)
        note(len(rows))
    return tally


def _read(column: Column[bytes], encryptor: Encryptor, *, after: UUID) -> list[Any]:
    ids = column.table.c.id
    old = select(ids, column.label("value")).where(_is_old(column, encryptor), ids > after)
    rows = list(db.session.execute(old.order_by(ids).limit(_AT_ONCE)))
    end_reading()
    return rows


def _reseal_one(column: Column[bytes], row: Any, encryptor: Encryptor, tally: Tally) -> None:
    try:
        anew = encryptor.encrypt(encryptor.decrypt(row.value, column, row.id), column, row.id)
    except DecryptionFailed:
        tally.broken += 1
        return
    ids = column.table.c.id
    unchanged = update(column.table).where(ids == row.id, column == row.value)
    with transaction() as session:
        is_replaced = session.execute(unchanged.values({column.name: anew}).returning(ids)).scalar() is not None
    if is_replaced:
        tally.resealed += 1
    else:
        tally.overtaken += 1


def _is_old(column: Column[bytes], encryptor: Encryptor) -> ColumnElement[bool]:
    prefix = encryptor.current_key_id.encode() + b":"
    return column.is_not(None) & (func.substr(column, 1, len(prefix)) != prefix)
