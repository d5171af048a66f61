"""The columns of a CSV file of posts: one for each field of a draft that fits into a cell, and `account_ids` for its targets.

A cell becomes what JSON would hold, and `PostDraftSchema` judges it: what cannot be read stays text, and is refused as text.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from marshmallow import fields, validate

from tiktok_api import clock
from tiktok_api.errors import Invalid, fault
from tiktok_api.posts.bulk.batches import MOST_AT_ONCE
from tiktok_api.posts.bulk.rows import ACCOUNTS, CsvRow
from tiktok_api.posts.bulk.table import Record, read_table, write_table
from tiktok_api.posts.schedule import written
from tiktok_api.posts.schemas.posts import PostDraftSchema
from tiktok_api.web.schemas import EXAMPLE_ID

_BOOLEANS = {"true": True, "false": False}
_Read = Callable[[str], Any]


def _as_boolean(cell: str) -> Any:
    return _BOOLEANS.get(cell.strip().lower(), cell)  # spreadsheet programs write TRUE


def _as_integer(cell: str) -> Any:
    return int(cell) if re.fullmatch(r"\s*-?[0-9]{1,18}\s*", cell) else cell


def _as_ids(cell: str) -> list[str]:
    return re.split(r"[\s|]+", cell.strip().strip("|"))


def _as_texts(cell: str) -> list[str]:
    return [part.strip() for part in cell.split("|")]


def _as_targets(cell: str) -> list[dict[str, str]]:
    return [{"account_id": part} for part in _as_ids(cell)]


def _columns() -> Iterator[tuple[str, _Read]]:
    for name, field in PostDraftSchema().load_fields.items():
        if name == "targets":
            yield ACCOUNTS, _as_targets
        elif isinstance(field, fields.List) and isinstance(field.inner, fields.UUID):
            yield name, _as_ids
        elif isinstance(field, fields.List) and isinstance(field.inner, fields.String):
            yield name, _as_texts
        elif isinstance(field, fields.Boolean):
            yield name, _as_boolean
        elif isinstance(field, fields.Integer):
            yield name, _as_integer
        elif isinstance(field, fields.String) and len(field.validators) == 1 and _is_free_text(field):
            yield name, str
        else:
            yield name, str.strip


def _is_free_text(field: fields.Field[Any]) -> bool:
    """Returns True for words, of which each character counts; of choices, times and zones the spaces around do not."""
    return isinstance(field.validators[0], validate.Length)


COLUMNS: dict[str, _Read] = dict(_columns())
"""How a cell of each column is read, in the order of the template."""


def read_posts(body: bytes) -> dict[str, Any]:
    """Returns the posts of a CSV body as a JSON body would hold them. Raises MalformedCsv, Invalid."""
    table = read_table(body)
    if faults := list(_faults_of(table.header)):
        raise Invalid(errors=faults)
    if len(table.records) > MOST_AT_ONCE:
        too_many = f"At most {MOST_AT_ONCE} rows."
        raise Invalid(
            errors=[fault("too_many_rows", too_many, pointer="", found=len(table.records), allowed=MOST_AT_ONCE)]
        )
    return {"posts": [_draft_of(table.header, record) for record in table.records]}


def _faults_of(header: Sequence[str]) -> Iterator[dict[str, Any]]:
    if not header:
        yield fault("required", "The first row must name the columns.", pointer="")
    for place, name in enumerate(header):
        if name not in COLUMNS:
            yield fault("unknown_column", "No such column.", pointer="", column=name[:100])
        elif name in header[:place]:
            yield fault("repeated", "Names a column twice.", pointer="", column=name)


def _draft_of(header: Sequence[str], record: Record) -> CsvRow:
    """The draft of a row: what is empty is left out."""
    draft = {
        "targets" if name == ACCOUNTS else name: COLUMNS[name](cell)
        for name, cell in zip(header, record.cells, strict=False)
        if cell
    }
    return CsvRow(draft, record.number, [cell for cell in record.cells[len(header) :] if cell])


def make_template() -> bytes:
    """Returns a CSV file with every column and one row to write over: a private post in a week."""
    in_a_week = (clock.now() + timedelta(days=7)).replace(hour=12, minute=0, second=0, microsecond=0)
    example = {
        "type": "video",
        "mode": "direct",
        "caption": "Our new #studio",
        "privacy_level": "SELF_ONLY",
        "allow_comment": "false",
        "consent": "true",
        "publish_at": written(in_a_week),
        "media_ids": EXAMPLE_ID,
        ACCOUNTS: EXAMPLE_ID,
    }
    return write_table([list(COLUMNS), [example.get(name, "") for name in COLUMNS]])
