"""Reading bodies and queries with marshmallow through webargs, every fault named at its place."""

from collections.abc import Iterator
from typing import Any, NoReturn

from flask import Request, request
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest as WerkzeugBadRequest

from tiktok_api.errors import BadRequest, Invalid, UnsupportedBody

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

    def load_json(self, req: Request, schema: Schema) -> Any:
        body = req.get_data(cache=True)
        if not body and not req.mimetype:
            return {}  # a POST without a body says the same as `{}`
        if not req.is_json:
            raise UnsupportedBody
        try:
            return req.get_json()
        except (WerkzeugBadRequest, UnicodeDecodeError, RecursionError):
            raise MalformedJson from None

    def handle_error(self, error: ValidationError, req: Request, schema: Schema, **_: Any) -> NoReturn:
        (location, messages) = next(iter(error.messages.items()))  # type: ignore[union-attr]
        raise Invalid(errors=list(_faults(location, messages)))


parser = Parser()


def _faults(location: str, messages: Any) -> Iterator[dict[str, str]]:
    for path, message in _walk(messages, ()):
        place = {"pointer": _pointer(path)} if location == "json" else {"parameter": str(path[0]) if path else ""}
        yield {**place, "code": _code(message), "message": message}


def _code(message: str) -> str:
    """marshmallow tells faults apart by their words alone."""
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


def _pointer(path: tuple[Any, ...]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def has_body() -> bool:
    """Whether the request being answered carries a body."""
    return bool(request.content_length) or "chunked" in request.headers.get("Transfer-Encoding", "")
