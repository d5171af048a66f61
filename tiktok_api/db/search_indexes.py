"""Indexes of the trigrams of texts: the groups of three characters that are in them. No model describes them.

On PostgreSQL it is a GIN index by the extension pg_trgm, which the planner uses where it helps. `build_indexes` makes it after an
upgrade, because to build it takes long and must not hold up writers; where the extension may not be made, each text is read.

On SQLite it is an FTS5 table without content, filled by triggers. A table of its own numbers the rows: the numbers that SQLite
gives them by itself may change with VACUUM.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

_MARK = "_search"
_LOCK = 7_246_339_014_020_615_169  # the number of our advisory lock, drawn once
_LONGEST_WAIT = "60s"
_ON_SQLITE = """
CREATE TABLE {table}_search_numbers (number INTEGER PRIMARY KEY, row_id CHAR(32) NOT NULL UNIQUE)

CREATE VIRTUAL TABLE {table}_search USING fts5 ({columns}, tokenize='trigram', content='', detail='none', columnsize=0)

INSERT INTO {table}_search_numbers (row_id) SELECT id FROM {table} ORDER BY created_at

INSERT INTO {table}_search (rowid, {columns})
SELECT number, {columns} FROM {table} JOIN {table}_search_numbers ON row_id = id

CREATE TRIGGER {table}_search_added AFTER INSERT ON {table} BEGIN
  INSERT INTO {table}_search_numbers (row_id) VALUES (new.id);
  INSERT INTO {table}_search (rowid, {columns})
  SELECT number, {new} FROM {table}_search_numbers WHERE row_id = new.id;
END

CREATE TRIGGER {table}_search_changed AFTER UPDATE OF {columns} ON {table} WHEN {differs} BEGIN
  INSERT INTO {table}_search ({table}_search, rowid, {columns})
  SELECT 'delete', number, {old} FROM {table}_search_numbers WHERE row_id = old.id;
  INSERT INTO {table}_search (rowid, {columns})
  SELECT number, {new} FROM {table}_search_numbers WHERE row_id = new.id;
END

CREATE TRIGGER {table}_search_removed AFTER DELETE ON {table} BEGIN
  INSERT INTO {table}_search ({table}_search, rowid, {columns})
  SELECT 'delete', number, {old} FROM {table}_search_numbers WHERE row_id = old.id;
  DELETE FROM {table}_search_numbers WHERE row_id = old.id;
END
"""
"""Its statements, one after each blank line. The revisions that made them have them again: they stay as they were landed."""


def is_search_table(name: str) -> bool:
    """Returns True for the tables of this module, which no model describes."""
    return _MARK in name


@dataclass(frozen=True, slots=True)
class SearchIndex:
    """The index of one or more columns of text, none of which is ever null."""

    table: str
    columns: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of the FTS5 table."""
        return f"{self.table}{_MARK}"

    @property
    def gin_name(self) -> str:
        """The name of the index on PostgreSQL."""
        return f"ix_{self.table}_{'_'.join(self.columns)}_trigrams"

    def statements(self) -> list[str]:
        """What makes the index on SQLite; the rows that are there already are indexed too."""
        filled = _ON_SQLITE.format(
            table=self.table,
            columns=", ".join(self.columns),
            old=", ".join(f"old.{column}" for column in self.columns),
            new=", ".join(f"new.{column}" for column in self.columns),
            differs=" OR ".join(f"old.{column} <> new.{column}" for column in self.columns),
        )
        return filled.strip().split("\n\n")


INDEXES: list[SearchIndex] = []
"""Every search index of the models."""


def build_indexes(engine: Engine) -> str | None:
    """Make the search indexes of PostgreSQL that are missing, while others read and write. Returns why it could not."""
    if engine.dialect.name != "postgresql":
        return None
    with engine.connect() as connection:
        missing = list(_missing(connection))
        # Not a lock to wait for: to build an index is to wait for every transaction that is open, so for that too.
        if not missing or not connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({_LOCK})").scalar():
            return None
        try:
            connection.exec_driver_sql(f"SET lock_timeout = '{_LONGEST_WAIT}'")
            connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            for index in missing:
                connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {index.gin_name}")
                texts = ", ".join(f"lower({column}) gin_trgm_ops" for column in index.columns)
                connection.exec_driver_sql(
                    f"CREATE INDEX CONCURRENTLY {index.gin_name} ON {index.table} USING gin ({texts})"
                )
                connection.exec_driver_sql(f"ANALYZE {index.table}")  # how rare a word is, it tells of an index alone
        except DBAPIError as error:
            return " ".join(str(error.orig).split())
        finally:
            with suppress(DBAPIError):  # a connection that has died has let go of both
                connection.exec_driver_sql("RESET lock_timeout")
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_LOCK})")
    return None


def missing_indexes(engine: Engine) -> list[str]:
    """The texts on PostgreSQL without a search index, as `table.column`: each of them is read to look for a part."""
    if engine.dialect.name != "postgresql":
        return []
    with engine.connect() as connection:
        return [f"{index.table}.{column}" for index in _missing(connection) for column in index.columns]


def _missing(connection: Connection) -> Iterator[SearchIndex]:
    for index in INDEXES:
        is_valid = connection.exec_driver_sql(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", (index.gin_name,)
        ).scalar()
        if not is_valid:
            yield index
