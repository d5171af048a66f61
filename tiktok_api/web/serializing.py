"""Serialises responses by functions compiled once from the marshmallow schemas, and orjson.

marshmallow's own `dump` visits its fields for each row; here they are visited once, and a row costs one dict display. orjson
writes UUIDs, aware times (RFC 3339, `Z`) and enums by itself.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Any

import orjson
from marshmallow import INCLUDE, Schema, fields
from marshmallow.utils import get_value

from tiktok_api.web import signed_links
from tiktok_api.web.signed_links import SignedUrl

Dump = Callable[[Any], Any]
_compiled: dict[type[Schema], Dump] = {}
_COMPUTED = (fields.Function, fields.Method, fields.Constant, fields.Pluck)
_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def to_json(value: Any) -> bytes:
    """Any mix of dicts, lists, times, UUIDs, enums and numbers as JSON."""
    return orjson.dumps(value, option=_OPTIONS)


def dump(schema: type[Schema], value: Any) -> Any:
    """`value`, a row, an entity or a mapping, as the dict that `schema` describes."""
    compiled = _compiled.get(schema)
    if compiled is None:
        compiled = _compiled[schema] = compile_schema(schema())
    return compiled(value)


@cache
def links_of(schema: type[Schema]) -> tuple[str, ...]:
    """The keys of the signed links in what `schema` describes: they change with time."""
    return _keys_of(schema, lambda field: isinstance(field, SignedUrl))


@cache
def told_once_in(schema: type[Schema]) -> tuple[str, ...]:
    """The keys of what only the answer to a request tells, and no later one: they are no part of the version."""
    return _keys_of(schema, lambda field: bool(field.metadata.get("is_told_once")))


def _keys_of(schema: type[Schema], is_meant: Callable[[fields.Field[Any]], bool]) -> tuple[str, ...]:
    return tuple(field.data_key or name for name, field in schema().dump_fields.items() if is_meant(field))


def compile_schema(schema: Schema) -> Dump:
    """A function from a row, an entity or a mapping to a dict with the schema's keys, in their order."""
    shown = schema.dump_fields
    for name, field in shown.items():
        if isinstance(field, _COMPUTED):
            raise TypeError(
                f"{type(schema).__name__}.{name}: compute it where the value is made; it is only copied here"
            )
    names = [field.attribute or name for name, field in shown.items()]
    keys = [field.data_key or name for name, field in shown.items()]
    converters = [_converter(field) for field in shown.values()]
    known = {f"c{place}": converter for place, converter in enumerate(converters)}
    of_object = _compile([f"v.{name}" for name in names], keys, converters, known)
    parts = [f"get_value(v, {name!r}, None)" if "." in name else f"v.get({name!r})" for name in names]
    of_mapping = _compile(parts, keys, converters, known | {"get_value": get_value})
    # Most are rows, and to ask whether something is a mapping costs more than to copy one.
    return lambda value: (
        of_object(value) if isinstance(value, tuple) or not isinstance(value, Mapping) else of_mapping(value)
    )


def _compile(
    parts: Sequence[str], keys: Sequence[str], converters: Sequence[Dump | None], known: dict[str, Any]
) -> Callable[[Any], dict[str, Any]]:
    """Write one dict display as source, from names that our schemas declare: it runs for each row of each response."""
    members = [
        f"{key!r}: " + (f"None if (x := {part}) is None else c{place}(x)" if converters[place] else part)
        for place, (key, part) in enumerate(zip(keys, parts, strict=True))
    ]
    function: Callable[[Any], dict[str, Any]] = eval(f"lambda v: {{{', '.join(members)}}}", known)  # noqa: S307  # nosec B307
    return function


def _converter(field: fields.Field[Any]) -> Dump | None:
    """The conversion of a value for orjson, or None if it needs none."""
    if isinstance(field, fields.Nested):
        has_further_members = field.schema.unknown == INCLUDE
        return None if has_further_members else _nested(field)
    if isinstance(field, fields.List):
        inner = _converter(field.inner)
        return (lambda values: [inner(v) for v in values]) if inner else list
    if isinstance(field, SignedUrl):
        return signed_links.url_of
    if isinstance(field, fields.TimeDelta):
        return timedelta.total_seconds
    return None


def _nested(field: fields.Nested) -> Dump:
    one = compile_schema(field.schema)
    if field.many or field.schema.many:
        return lambda values: [one(v) for v in values]
    return one
