"""Looking for a part of a text by an index of its trigrams: the groups of three characters that are in it.

On PostgreSQL it is a GIN index by the extension pg_trgm, which the planner uses where it helps. `build_indexes` makes it after an
upgrade, because to build it takes long and must not hold up writers; where the extension may not be made, each text is read.

On SQLite it is an FTS5 table without content, filled by triggers. A table of its own numbers the rows: the numbers that SQLite
gives them by itself may change with VACUUM. FTS5 ignores the case of all letters, LIKE only that of a to z, so whatever FTS5
finds is compared again, and a list finds the same with the index and without.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import DDL, ColumnElement, Integer, Select, Uuid, column, event, func, literal_column, select, table
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstrumentedAttribute

from tiktok_api.db.reads import Read, contains

_MARK = "_search"
_LOCK = 7_246_339_014_020_615_169  # the number of our advisory lock, drawn once
_LONGEST_WAIT = "60s"
_RARE = 5_000
"""So many rows of a text on SQLite are read and sorted; if more match, the next page is near in the order of the list."""
_MOST_TRIGRAMS = 12
_TRIGRAM = 3
_HAS_TRIGRAM = re.compile(r"[^\W_]{3}")  # pg_trgm takes letters and digits alone


_ON_SQLITE = """
CREATE TABLE {table}_search_numbers (number INTEGER PRIMARY KEY, row_id CHAR(32) NOT NULL UNIQUE)

CREATE VIRTUAL TABLE {table}_search USING fts5 ({column}, tokenize='trigram', content='', detail='none', columnsize=0)

INSERT INTO {table}_search_numbers (row_id) SELECT id FROM {table} ORDER BY created_at

INSERT INTO {table}_search (rowid, {column})
SELECT number, {column} FROM {table} JOIN {table}_search_numbers ON row_id = id

CREATE TRIGGER {table}_search_added AFTER INSERT ON {table} BEGIN
  INSERT INTO {table}_search_numbers (row_id) VALUES (new.id);
  INSERT INTO {table}_search (rowid, {column})
  SELECT number, new.{column} FROM {table}_search_numbers WHERE row_id = new.id;
END

CREATE TRIGGER {table}_search_changed AFTER UPDATE OF {column} ON {table} WHEN old.{column} <> new.{column} BEGIN
  INSERT INTO {table}_search ({table}_search, rowid, {column})
  SELECT 'delete', number, old.{column} FROM {table}_search_numbers WHERE row_id = old.id;
  INSERT INTO {table}_search (rowid, {column})
  SELECT number, new.{column} FROM {table}_search_numbers WHERE row_id = new.id;
END

CREATE TRIGGER {table}_search_removed AFTER DELETE ON {table} BEGIN
  INSERT INTO {table}_search ({table}_search, rowid, {column})
  SELECT 'delete', number, old.{column} FROM {table}_search_numbers WHERE row_id = old.id;
  DELETE FROM {table}_search_numbers WHERE row_id = old.id;
END
"""
"""Its statements, one after each blank line."""


def is_search_table(name: str) -> bool:
    """Returns True for the tables of this module, which no model describes."""
    return _MARK in name


@dataclass(frozen=True, slots=True)
class SearchIndex:
    """The index of one column of text."""

    table: str
    column: str

    @property
    def name(self) -> str:
        """The name of the FTS5 table."""
        return f"{self.table}{_MARK}"

    @property
    def gin_name(self) -> str:
        """The name of the index on PostgreSQL."""
        return f"ix_{self.table}_{self.column}_trigrams"

    def statements(self) -> list[str]:
        """What makes the index on SQLite; the rows that are there already are indexed too."""
        return _ON_SQLITE.format(table=self.table, column=self.column).strip().split("\n\n")


INDEXES: list[SearchIndex] = []
"""Every search index of the models."""


def searched(attribute: InstrumentedAttribute[str]) -> "TextSearch":
    """Give a column of a model a search index, and return the way to look in it."""
    model = attribute.class_
    index = SearchIndex(model.__tablename__, attribute.key)
    INDEXES.append(index)
    for statement in index.statements():
        on_sqlite = DDL(statement).execute_if(dialect="sqlite")  # type: ignore[no-untyped-call]
        event.listen(model.__table__, "after_create", on_sqlite)
    return TextSearch(attribute, index)


class TextSearch:
    """Looks for a part of a text, ignoring case as the database does.

    filters |= CAPTIONS.parameters(q, dialect=db.engine.dialect.name)
    query = query.where(CAPTIONS.condition(given))
    if "trigrams" in given:
        query = query.where(CAPTIONS.is_found(given), without_index(Post.owner_id) == given["owner_id"])
    """

    def __init__(self, column: InstrumentedAttribute[str], index: SearchIndex) -> None:
        self._column, self._index = column, index
        self._matches = Read(self._select_matches)

    def parameters(self, part: str | None, *, dialect: str) -> dict[str, str]:
        """Returns what a query is given to look for `part`.

        `pattern`; `trigrams` if it is to begin with FTS5; and `is_in_no_index` if GIN has no trigram of it, and would be read
        from end to end.
        """
        if not part:
            return {}
        found = {"pattern": contains(part)}
        if dialect == "postgresql":
            return found if _HAS_TRIGRAM.search(part) else found | {"is_in_no_index": "yes"}
        trigrams = _trigrams_of(part)
        if trigrams is None or self._matches.count(most=_RARE, trigrams=trigrams) > _RARE:
            return found
        return found | {"trigrams": trigrams}

    def condition(self, given: Mapping[str, Any]) -> ColumnElement[bool]:
        """The rows whose text has the part."""
        text: ColumnElement[str] = func.lower(self._column)
        if "is_in_no_index" in given:
            text = text.concat(literal_column("''"))
        return text.like(func.lower(given["pattern"]), escape="/")

    def is_found(self, given: Mapping[str, Any]) -> ColumnElement[bool]:
        """The rows that have its trigrams: only among them can there be one that has the part."""
        numbers = table(f"{self._index.name}_numbers", column("number", Integer), column("row_id", Uuid))
        ids = select(numbers.c.row_id).where(numbers.c.number.in_(self._select_matches(given)))
        id_: ColumnElement[Any] = self._column.class_.id
        return id_.in_(ids)

    def _select_matches(self, given: Mapping[str, Any]) -> Select[Any]:
        found = table(self._index.name, column("rowid", Integer))
        is_match = literal_column(found.name).op("MATCH")(given["trigrams"])
        return select(found.c.rowid).where(is_match)


def without_index(column: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """A column of SQLite by whose index no rows are looked for: one that is better would be left for it."""
    bare: ColumnElement[Any] = literal_column(f"+{column.class_.__tablename__}.{column.key}", column.type)
    return bare


def _trigrams_of(part: str) -> str | None:
    """The query of FTS5 for texts with the trigrams of `part`; None if it is too short to have any."""
    found = [part[start : start + _TRIGRAM] for start in range(len(part) - _TRIGRAM + 1)]
    step = -(-len(found) // _MOST_TRIGRAMS)
    quoted = ['"' + trigram.replace('"', '""') + '"' for trigram in dict.fromkeys(found[:: step or 1])]
    return " AND ".join(quoted) or None


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
                connection.exec_driver_sql(
                    f"CREATE INDEX CONCURRENTLY {index.gin_name} ON {index.table}"
                    f" USING gin (lower({index.column}) gin_trgm_ops)"
                )
                connection.exec_driver_sql(f"ANALYZE {index.table}")  # how rare a word is, it tells of an index alone
        except DBAPIError as error:
            return " ".join(str(error.orig).split())
        finally:
            connection.exec_driver_sql("RESET lock_timeout")
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_LOCK})")
    return None


def missing_indexes(engine: Engine) -> list[str]:
    """The texts on PostgreSQL without a search index, as `table.column`: each of them is read to look for a part."""
    if engine.dialect.name != "postgresql":
        return []
    with engine.connect() as connection:
        return [f"{index.table}.{index.column}" for index in _missing(connection)]


def _missing(connection: Connection) -> Iterator[SearchIndex]:
    for index in INDEXES:
        is_valid = connection.exec_driver_sql(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", (index.gin_name,)
        ).scalar()
        if not is_valid:
            yield index
