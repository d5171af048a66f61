"""Looking for a part of the texts of a row, with the indexes of `search_indexes`.

    filters |= TEXTS.parameters(q, dialect=db.engine.dialect.name)
    query = query.where(TEXTS.condition(given))
    if "trigrams" in given:
        query = query.where(TEXTS.is_found(given), without_index(Post.owner_id) == given["owner_id"])

FTS5 ignores the case of all letters, LIKE only that of a to z, so whatever FTS5 finds is compared again: a list finds the same
with the index and without. What no index can do is to give the matches in the order of a list: many that are all old, or all
new, are found by reading the others first.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    DDL,
    ColumnElement,
    Integer,
    Select,
    Uuid,
    column,
    event,
    func,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy.orm import InstrumentedAttribute

from tiktok_api.db.reads import Read, contains
from tiktok_api.db.search_indexes import INDEXES, SearchIndex

_RARE = 5_000
"""So many rows of a text on SQLite are read and sorted; if more match, the next page is near in the order of the list."""
_MOST_TRIGRAMS = 12
_TRIGRAM = 3
_HAS_TRIGRAM = re.compile(r"[^\W_]{3}")  # pg_trgm takes letters and digits alone


def searched(*columns: InstrumentedAttribute[str]) -> "TextSearch":
    """Give columns of a model a search index, and return the way to look in them."""
    model = columns[0].class_
    index = SearchIndex(model.__tablename__, tuple(column.key for column in columns))
    INDEXES.append(index)
    for statement in index.statements():
        on_sqlite = DDL(statement).execute_if(dialect="sqlite")  # type: ignore[no-untyped-call]  # SQLAlchemy
        event.listen(model.__table__, "after_create", on_sqlite)
    return TextSearch(columns, index)


class TextSearch:
    """Looks for a part of any of some texts, ignoring case as the database does."""

    def __init__(self, columns: Sequence[InstrumentedAttribute[str]], index: SearchIndex) -> None:
        self._columns, self._index = columns, index
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
        """The rows of which one text has the part: none has a half of it in one text and a half in another."""
        texts: list[ColumnElement[str]] = [func.lower(each) for each in self._columns]
        if "is_in_no_index" in given:
            texts = [text.concat(literal_column("''")) for text in texts]
        return or_(*(text.like(func.lower(given["pattern"]), escape="/") for text in texts))

    def is_found(self, given: Mapping[str, Any]) -> ColumnElement[bool]:
        """The rows that have its trigrams: only among them can there be one that has the part."""
        numbers = table(f"{self._index.name}_numbers", column("number", Integer), column("row_id", Uuid))
        ids = select(numbers.c.row_id).where(numbers.c.number.in_(self._select_matches(given)))
        id_: ColumnElement[Any] = self._columns[0].class_.id
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
