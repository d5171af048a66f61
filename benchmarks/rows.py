"""Rows for the tables of a benchmark, by plain SQL: ids that are made of numbers, and INSERT … SELECT."""

from uuid import UUID

_END = "7000800000000000"


def id_of(kind: str, number: int) -> UUID:
    """The id of a row; `kind` is eight hexadecimal digits, which differ from table to table."""
    return UUID(f"{kind}{number:08x}{_END}")


def id_on_postgresql(kind: str, number: str) -> str:
    """`id_of` in SQL, where `number` is an expression."""
    return f"cast('{kind}' || lpad(to_hex(cast({number} as bigint)), 8, '0') || '{_END}' as uuid)"


def id_on_sqlite(kind: str, number: str) -> str:
    """`id_of` in SQL, where `number` is an expression."""
    return f"('{kind}' || printf('%08x', {number}) || '{_END}')"


def insert(table: str, source: str, /, **columns: str) -> str:
    """A statement that inserts one row for each row of `source`; columns are given as expressions."""
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns.values())} FROM {source}"  # noqa: S608  # all of it is ours
