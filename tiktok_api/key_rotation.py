"""Encrypting values of older keys again with the current key: row by row, while the service runs.

A value is replaced only if it still is what was read, so what the service writes meanwhile wins; what it wrote with an old
key is found by the next run. Stopping in the middle loses nothing.
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
class RotationCounts:
    """How many values of a column were encrypted again, were replaced by the service meanwhile, or fit no key."""

    resealed: int = 0
    overtaken: int = 0
    broken: int = 0


def encrypted_columns() -> list[Column[bytes]]:
    """Returns every column that holds encrypted values, which is every binary one that is not marked `is_plain`."""
    columns = [column for table in Model.metadata.sorted_tables for column in table.columns]
    return [each for each in columns if isinstance(each.type, LargeBinary) and not each.info.get("is_plain")]


def count_old(column: Column[bytes], encryptor: Encryptor) -> int:
    """Returns how many values were encrypted with an older key."""
    count = db.session.scalar(select(func.count()).select_from(column.table).where(_is_old(column, encryptor))) or 0
    end_reading()
    return count


def reseal(
    column: Column[bytes], encryptor: Encryptor, *, note: Callable[[int], None] = lambda _: None
) -> RotationCounts:
    """Encrypt the old values of a column again, a hundred at a time; `note` is called with the size of each hundred."""
    counts, last = RotationCounts(), UUID(int=0)
    while rows := _read(column, encryptor, after=last):
        last = rows[-1].id
        for row in rows:
            _reseal_one(column, row, encryptor, counts)
        note(len(rows))
    return counts


def _read(column: Column[bytes], encryptor: Encryptor, *, after: UUID) -> list[Any]:
    ids = column.table.c.id
    old = select(ids, column.label("value")).where(_is_old(column, encryptor), ids > after)
    rows = list(db.session.execute(old.order_by(ids).limit(_AT_ONCE)))
    end_reading()
    return rows


def _reseal_one(column: Column[bytes], row: Any, encryptor: Encryptor, counts: RotationCounts) -> None:
    try:
        encrypted = encryptor.encrypt(encryptor.decrypt(row.value, column, row.id), column, row.id)
    except DecryptionFailed:
        counts.broken += 1
        return
    ids = column.table.c.id
    unchanged = update(column.table).where(ids == row.id, column == row.value)
    with transaction() as session:
        is_replaced = session.execute(unchanged.values({column.name: encrypted}).returning(ids)).scalar() is not None
    if is_replaced:
        counts.resealed += 1
    else:
        counts.overtaken += 1


def _is_old(column: Column[bytes], encryptor: Encryptor) -> ColumnElement[bool]:
    prefix = encryptor.current_key_id.encode() + b":"
    return column.is_not(None) & (func.substr(column, 1, len(prefix)) != prefix)
