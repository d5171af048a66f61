"""Inserting rows that may be there already."""

from typing import Any

from tiktok_api import clock
from tiktok_api.db import Model, db, insert_into, new_id


def insert_once(model: type[Model], *rows: dict[str, Any]) -> None:
    """Insert rows that are not there yet: storing a reading twice has no effect."""
    now = clock.now()
    whole = [{"id": new_id(), "created_at": now, **row} for row in rows]
    if whole:
        db.session.execute(insert_into(model).on_conflict_do_nothing(), whole)
