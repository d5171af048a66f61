"""Reads bodies and queries with marshmallow through webargs, and names every fault at its place."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NoReturn

import orjson
from flask import Request, current_app, request
from marshmallow import RAISE, Schema, ValidationError, fields
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException

from tiktok_api.errors import BadRequest, Invalid, Problem, UnsupportedBody, fault
from tiktok_api.web.parsing import bounds
from tiktok_api.web.parsing.bounds import pointer_to, unprintable
from tiktok_api.web.parsing.well_formed import WellFormed, well_formed

Judge = Callable[[WellFormed], Any]
"""Raises Invalid with what the rules have against the sound parts of a faulty body."""

_CODES = {
    "Missing data for required field.": "required",
    "Unknown field.": "unknown_field",
    "Field may not be null.": "null",
    "Invalid input type.": "wrong_type",
}


class MalformedJson(BadRequest):
    message = "The body is not valid JSON in UTF-8."


class Parser(FlaskParser):
    """webargs, strict: unknown query parameters are refused, and a body that is not JSON is not read as an empty one."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE, "json": RAISE}  # noqa: RUF012

    def use_args(self, argmap: Any, *args: Any, **options: Any) -> Any:
        """Read by one schema object for all requests of a route: to make one visits all of its fields."""
        return super().use_args(argmap() if isinstance(argmap, type) else argmap, *args, **options)

    def load_json(self, req: Request, schema: Schema) -> Any:
        read = _mark_of(req, "body_readers", {}).get(req.mimetype)
        if req.mimetype and not req.is_json and read is None:
            raise UnsupportedBody
        body = req.get_data(cache=True)
        if read is not None:
            return read(body)
        if not body and not _needs_body(req):
            return {}
        if not body and not req.mimetype:
            missing = fault("required", "Send a JSON object as the body.", pointer="")
            raise Invalid(errors=[missing, *_faults("json", schema.validate({}))])
        if not req.is_json:
            raise UnsupportedBody
        try:
            value = orjson.loads(body)  # strict where the standard library is not: NaN, lone surrogates, deep nesting
        except orjson.JSONDecodeError:
            raise MalformedJson from None
        bounds.check(value, body)
        return value

    def load_querystring(self, req: Request, schema: Schema) -> Any:
        if faults := [
            unprintable(parameter=name) for name, value in req.args.items(multi=True) if "\0" in name + value
        ]:
            raise Invalid(errors=faults)
        loaded = super().load_querystring(req, schema)
        if faults := list(_repeated(req, schema)):
            raise Invalid(errors=faults + list(_faults("query", schema.validate(loaded))))
        return loaded

    def handle_error(self, error: ValidationError, req: Request, schema: Schema, **_: Any) -> NoReturn:
        (location, messages) = next(iter(error.messages.items()))  # type: ignore[union-attr]
        judge = _mark_of(req, "judge", None)
        if judge is not None and location == "json":
            body = orjson.loads(req.get_data(cache=True))
            raise Invalid(errors=_all_faults(schema, body, messages, partial(judge, **(req.view_args or {}))))
        raise Invalid(errors=list(_faults(location, messages)))


parser = Parser()


def load_part(schema: Schema, sent: Any, judge: Judge) -> Any:
    """A part of a body that is judged by itself, deserialised. Raises Invalid with pointers that begin at this part."""
    try:
        return schema.load(sent)
    except ValidationError as error:
        raise Invalid(errors=_all_faults(schema, sent, error.messages, judge)) from None


def _mark_of(req: Request, name: str, default: Any) -> Any:
    """What the route of the request is marked with."""
    return getattr(current_app.view_functions.get(req.endpoint or ""), name, default)


def _all_faults(schema: Schema, sent: Any, messages: Any, judge: Judge) -> list[dict[str, Any]]:
    """The faults of shape, and those that the rules find in the sound parts."""
    faults = list(_faults("json", messages))
    pointers = frozenset(found["pointer"] for found in faults)
    sound = well_formed(schema, sent, messages, pointers)
    return faults + [found for found in _further(judge, sound) if not _is_reported(found["pointer"], pointers)]


def _further(judge: Judge, sound: WellFormed) -> list[dict[str, Any]]:
    """The faults that the rules find. Other problems (a conflict, say) are reported once the body has no fault."""
    try:
        judge(sound)
    except Invalid as problem:
        found: list[dict[str, Any]] = problem.extra.get("errors", [])
        return found
    except Problem:
        pass
    return []


def _is_reported(pointer: str, reported: frozenset[str]) -> bool:
    """Returns True if `pointer`, or a part of the body that contains it, is among those that were reported."""
    while pointer and pointer not in reported:
        pointer = pointer.rpartition("/")[0]
    return pointer in reported


def refuse_query() -> None:
    """Refuse every query parameter, for routes that have none. Raises Invalid."""
    if request.args:
        raise Invalid(errors=[fault("unknown_field", "Unknown field.", parameter=name) for name in request.args])


def _repeated(req: Request, schema: Schema) -> Iterator[dict[str, Any]]:
    """The parameters with one value that are sent several times, so that the value is ambiguous."""
    known = {field.data_key or name: field for name, field in schema.load_fields.items()}
    for name, values in req.args.lists():
        if len(values) > 1 and name in known and not isinstance(known[name], fields.List):
            yield fault("repeated", "Takes one value; it was sent several times.", parameter=name)


def _needs_body(req: Request) -> bool:
    """Returns True if the route of the request requires a body."""
    return bool(_mark_of(req, "needs_body", True))


def peek_at_json() -> Any:
    """The content of a JSON body before a schema checks it. Returns None if there is no such body, or it is too large.

    Nothing is raised: the limiter, which asks for it, would take that for an outage of Redis.
    """
    try:
        return orjson.loads(request.get_data(cache=True)) if request.is_json else None
    except (orjson.JSONDecodeError, HTTPException, Problem):
        return None


def _faults(location: str, messages: Any) -> Iterator[dict[str, Any]]:
    for path, message in _walk(messages, ()):
        place = {"pointer": pointer_to(path)} if location == "json" else {"parameter": str(path[0]) if path else ""}
        yield fault(_code(message), message, **place)


def _code(message: str) -> str:
    """The code of a fault; marshmallow distinguishes faults by their text alone."""
    return _CODES.get(message) or ("wrong_type" if message.startswith("Not a valid") else "invalid")


def _walk(messages: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(messages, dict):
        for key, inner in messages.items():
            yield from _walk(inner, path if key == "_schema" else (*path, key))
    elif isinstance(messages, list):
        for inner in messages:
            yield from _walk(inner, path)
    else:
        yield path, str(messages)
