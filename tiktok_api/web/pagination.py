"""Lists by cursor: a keyset over an indexed order, so that the last page costs as much as the first and nothing drifts."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode
from uuid import UUID

import orjson
from flask import request
from marshmallow import fields, validate
from sqlalchemy import ColumnElement, Select, literal_column, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from tiktok_api.db.reads import Given, Read
from tiktok_api.errors import Invalid
from tiktok_api.extensions import service
from tiktok_api.settings import Settings
from tiktok_api.web.schemas import QueryBoolean, QueryInteger, Schema

DEFAULT_LIMIT, MOST = 50, 100
FIRST_PAGE = "*"
MOST_COUNTED = 10_000
"""`total` ends here, as Elasticsearch's does: to count on would cost more than everything else that a page needs."""
_TAG_BYTES = 16


class InvalidCursor(Invalid):
    message = "This cursor was not made by this list with these filters."


class PageArgsSchema(Schema):
    """The size and the start of a page."""

    limit = QueryInteger(
        load_default=DEFAULT_LIMIT,
        validate=validate.Range(1, MOST),
        metadata={"description": "How many at most.", "example": 50},
    )
    cursor = fields.String(
        metadata={
            "description": "`next_cursor` of the page before; opaque. Without it, or with `*`: the first page.",
            "example": FIRST_PAGE,
        }
    )
    include_total = QueryBoolean(
        load_default=False,
        metadata={"description": f"Also count the list, up to {MOST_COUNTED:,}: see `total`.", "example": False},
    )


@dataclass(slots=True)
class Page:
    """One page, for `page_of(schema)`. `total` is None if it was not asked for."""

    data: Sequence[Any]
    next_cursor: str | None
    has_more: bool
    total: int | None = None
    total_is_exact: bool = True

    def add_total(self, counted: int) -> None:
        """Tell how many rows the whole list has, of which one more than MOST_COUNTED were counted at most."""
        self.total, self.total_is_exact = min(counted, MOST_COUNTED), counted <= MOST_COUNTED


T = TypeVar("T")
Keys = Sequence[InstrumentedAttribute[Any]]
Columns = Sequence[ColumnElement[Any] | InstrumentedAttribute[Any]]


def in_pages(query: Select[Any], given: Given, by: Columns, *, descending: bool = True) -> Select[Any]:
    """`query` in the order of a list, from where a page begins: what a Read for `read_page` makes of its query."""
    if given.limit is None:
        return query
    if given.is_counting:
        return query.limit(literal_column(str(given.limit)))
    if "after_0" in given:
        keyset, after = tuple_(*by), tuple_(*(given[f"after_{place}"] for place in range(len(by))))
        query = query.where(keyset < after if descending else keyset > after)
    order = (key.desc() if descending else key.asc() for key in by)
    return query.order_by(*order).limit(literal_column(str(given.limit)))


def read_page(rows: Read, args: dict[str, Any], *, by: Keys, **values: Any) -> Page:
    """One page of a Read whose query is made by `in_pages`, with the same keys (the last of which is unique) among its columns.

    `args` holds limit, cursor and include_total of PageArgsSchema. Raises InvalidCursor.
    """
    after = {f"after_{place}": value for place, value in enumerate(_read_keys(args.get("cursor"), by) or ())}
    found = rows.all(limit=args["limit"] + 1, **values, **after)
    has_more, found = len(found) > args["limit"], found[: args["limit"]]
    cursor = write_cursor([getattr(found[-1], key.key) for key in by]) if has_more else None
    page = Page(found, cursor, has_more)
    if args["include_total"]:
        page.add_total(rows.count(most=MOST_COUNTED, **values))
    return page


def _scope() -> bytes:
    """What a cursor is bound to: this list with these filters."""
    filters = sorted((k, v) for k, v in request.args.items(multi=True) if k not in ("cursor", "limit", "include_total"))
    return orjson.dumps([request.path, filters])


def _tag(payload: bytes) -> bytes:
    key: bytes = service(Settings).derive_key("cursors")
    return hmac.new(key, payload + b"\0" + _scope(), hashlib.sha256).digest()[:_TAG_BYTES]


def write_cursor(values: list[Any]) -> str:
    """A cursor that holds these values and fits this request's list with its filters."""
    payload = orjson.dumps(values)
    return _encode(_tag(payload) + payload)


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def read_cursor(cursor: str | None, parse: Callable[[list[Any]], T]) -> T | None:
    """What `parse` makes of the values of `write_cursor`, as JSON has them; None for the first page. Raises InvalidCursor.

    `parse` may fail for other values than this version's list has: a cursor may be older than the server.
    """
    if cursor is None or cursor == FIRST_PAGE:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        tag, payload = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
        is_ours = _encode(raw) == cursor and hmac.compare_digest(tag, _tag(payload))
        return parse(orjson.loads(payload) if is_ours else [])
    except (ValueError, TypeError, AttributeError):
        raise InvalidCursor.at(parameter="cursor") from None


def _read_keys(cursor: str | None, by: Keys) -> list[Any] | None:
    def parse(values: list[Any]) -> list[Any]:
        return [_parse(value, key.type.python_type) for value, key in zip(values, by, strict=True)]

    return read_cursor(cursor, parse)


def _parse(value: Any, wanted: type) -> Any:
    if wanted is datetime:
        return datetime.fromisoformat(value)
    return UUID(value) if wanted is UUID else value


def link_to_next(cursor: str) -> str:
    """The value of the `Link` header for the next page of this request's list, under PUBLIC_URL: a client may send any Host."""
    others = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
    here = service(Settings).public_url + quote(request.path, safe="/:@!$&'()*+,;=~")
    return f'<{here}?{urlencode([*others, ("cursor", cursor)])}>; rel="next"'
