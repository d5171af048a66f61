"""Rows of every table with values of all kinds: nulls, states, times in other zones, JSON, Unicode, the largest numbers."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    LargeBinary,
    String,
    Uuid,
    inspect,
    null,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from tiktok_api.db import Model, new_id, transaction
from tiktok_api.posts.preflight.app_audit import APP_UNAUDITED
from tiktok_api.posts.states import RECEIVED, UNFINISHED, PublicationState

ROWS = 3
TEXTS = ("Grüße 🎬 \u2028 'quoted' \\ %s :x", "post.created", "")
MOMENTS = (
    datetime(2027, 3, 2, 12, 0, 0, 1, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    datetime(9998, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1000, 1, 1, tzinfo=timezone(timedelta(hours=-9))),
)
STATES = {"Publication": (PublicationState.HELD, *UNFINISHED), "Attempt": RECEIVED}
"""Of the many that these have, those which most queries ask for."""
REASONS = {"Publication": (APP_UNAUDITED, *TEXTS[1:])}
JSON_OBJECT = {"schlüssel 🎬": [1, 2**53, -1.5, None, True, "é\u2028\\"], "nested": {"empty": {}, "none": None}}


def seed() -> dict[str, list[Any]]:
    """Store three rows in every table, the second with null where it may be; returns them by the model's name."""
    made: dict[str, list[Any]] = {}
    models = {mapper.local_table: mapper.class_ for mapper in Model.registry.mappers}
    for table in Model.metadata.sorted_tables:
        model = models[table]
        made[model.__name__] = []
        for number in range(ROWS):
            with transaction() as session:
                row = model(**dict(_values(model, number, made)))
                session.add(row)
            made[model.__name__].append(row)
    return made


def _values(model: type[Model], number: int, made: dict[str, list[Any]]) -> Iterator[tuple[str, Any]]:
    for attribute in inspect(model).column_attrs:
        column = attribute.columns[0]
        if column.primary_key and isinstance(column.type, Uuid):
            yield attribute.key, new_id()
        elif column.foreign_keys:
            yield attribute.key, _parent(column, number, made)
        elif column.nullable and number == 1:
            yield attribute.key, None
        elif column.nullable and number == 2 and isinstance(column.type, JSON):
            yield attribute.key, null()  # the database's own; None is JSON's
        else:
            yield attribute.key, _value(model, column, number)


def _parent(column: Column[Any], number: int, made: dict[str, list[Any]]) -> Any:
    """The row that a foreign key names: most rows are the first user's, and all else has one of each."""
    target = next(iter(column.foreign_keys)).column
    rows = next(rows for name, rows in made.items() if _table_of(name) is target.table)
    if target.table is column.table:
        return getattr(rows[0], target.key) if number == 2 else None
    if column.nullable and number == 1:
        return None
    is_of_many = target.table.name == "users" and not column.unique
    return getattr(rows[number // 2 if is_of_many else number], target.key)


def _table_of(name: str) -> Any:
    return next(mapper.local_table for mapper in Model.registry.mappers if mapper.class_.__name__ == name)


def _value(model: type[Model], column: Column[Any], number: int) -> Any:
    if column.key == "reason" and model.__name__ in REASONS:
        return REASONS[model.__name__][number]
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    if isinstance(kind, JSON):
        is_list = "list" in str(get_args(model.__annotations__[column.key])[0])
        return ["agency", TEXTS[number]] if is_list else JSON_OBJECT
    if isinstance(kind, Enum):
        assert kind.enum_class is not None
        members = list(STATES.get(model.__name__, kind.enum_class)) if column.key == "state" else list(kind.enum_class)
        return members[number % len(members)]
    makers: list[tuple[type[TypeEngine[Any]], Callable[[], Any]]] = [
        (Uuid, new_id),
        (Boolean, lambda: number != 2),
        (DateTime, lambda: MOMENTS[number]),
        (Date, lambda: MOMENTS[number].date()),
        (Integer, lambda: 2**62 + 1 + number if kind.__visit_name__ == "big_integer" else 2**31 - 1 - number),
        (Float, lambda: (0.1, -1e-300, 1.5e300)[number]),
        (LargeBinary, lambda: bytes(range(256))),
        (String, lambda: f"{TEXTS[number]}{'' if number == 1 else number}"),
    ]
    return next(make() for sort, make in makers if isinstance(kind, sort))
