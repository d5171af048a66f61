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


class OnPostgresql:
    """PostgreSQL's words, for expressions of SQL."""

    empty_bytes, nothing, no_items = "''::bytea", "'{}'::jsonb", "'[]'::jsonb"

    id = staticmethod(id_on_postgresql)

    def items(self, item: str) -> str:
        """A list of one text."""
        return f"""'["{item}"]'::jsonb"""

    def time(self, seconds: str) -> str:
        """The time of seconds since 1970."""
        return f"to_timestamp({seconds})"

    def day(self, seconds: str) -> str:
        """The date in UTC of seconds since 1970."""
        return f"cast(to_timestamp({seconds}) AT TIME ZONE 'UTC' AS date)"

    def numbers(self, most: int) -> str:
        """The numbers from 1 on; on SQLite out of a table."""
        return f"generate_series(1, {most}) AS g"


class OnSqlite:
    """SQLite's words, for expressions of SQL."""

    empty_bytes, nothing, no_items = "x''", "'{}'", "'[]'"

    id = staticmethod(id_on_sqlite)

    def items(self, item: str) -> str:
        """A list of one text."""
        return f"""'["{item}"]'"""

    def time(self, seconds: str) -> str:
        """The time of seconds since 1970."""
        return f"(strftime('%Y-%m-%d %H:%M:%f', {seconds}, 'unixepoch') || '000')"

    def day(self, seconds: str) -> str:
        """The date in UTC of seconds since 1970."""
        return f"date({seconds}, 'unixepoch')"

    def numbers(self, most: int) -> str:
        """The numbers from 1 on; on SQLite out of a table."""
        return f"(SELECT g FROM numbers WHERE g <= {most})"  # noqa: S608  # a number of our own
