"""The description of each route, completed from what it declares: operation id, security, examples and every error."""

import re
from collections.abc import Callable, Sequence
from http import HTTPStatus
from threading import Lock
from typing import Any

from flask import Flask
from flask_smorest import Api
from marshmallow import Schema, fields, missing
from werkzeug.routing import UUIDConverter

from tiktok_api.errors import Problem, StaleVersion
from tiktok_api.web.idempotency import HEADER as IDEMPOTENCY_KEY
from tiktok_api.web.openapi import document
from tiktok_api.web.openapi.document import PROBLEM_JSON
from tiktok_api.web.pagination import InvalidCursor, PageArgsSchema
from tiktok_api.web.rendering import BodyIncomplete
from tiktok_api.web.schemas import EXAMPLE_ID, ProblemSchema, is_page
from tiktok_api.web.transfers.places import ServerBusy

View = Callable[..., Any]
_BEARER = "JWT access token, or API key (tk_…)"
_BEARER_SAID = {
    "description": "`Authorization: Bearer …` with either the `access_token` of `POST /api/v1/auth/login`, a JWT, "
    "or an API key of `POST /api/v1/auth/api-keys`, which begins with `tk_`."
}
_PRINTABLE = r"^[\u0020-\u007e]+$"
_ALWAYS = (400, 429, 500, 503)
_UNDESCRIBED = "tiktok_api.undescribed"
_one_describes = Lock()

_HEADERS = {
    "X-Request-ID": ("string", "The id of this request, also in the server's log."),
    "RateLimit-Limit": ("integer", "Requests allowed in a minute."),
    "RateLimit-Remaining": ("integer", "Requests left."),
    "RateLimit-Reset": ("integer", "Seconds until the oldest counted request leaves the window."),
}
_OTHER_HEADERS = {
    "ETag": ("string", "The version of the response, for If-None-Match and If-Match."),
    "Link": ("string", 'The next page, as `<…>; rel="next"`; absent on the last one.'),
    "Retry-After": ("integer", "Seconds to wait before trying again."),
    "Idempotency-Replayed": ("string", "`true` if this is the response that was sent before."),
}


def describe_later(app: Flask, describe: Callable[[], None]) -> None:
    """Postpone a part of the description until `describe_now`."""
    app.extensions.setdefault(_UNDESCRIBED, []).append(describe)


def describe_now(app: Flask) -> dict[str, Any]:
    """The whole document, including every postponed part."""
    with _one_describes:
        waiting = app.extensions.get(_UNDESCRIBED, [])
        while waiting:
            waiting.pop(0)()
        return document.finish(app.extensions["tiktok_api.api"].spec.to_dict())


def complete(view: View, *, rule: str, methods: Sequence[str]) -> None:
    """Complete the view's smorest documentation from its marks."""
    doc: dict[str, Any] = dict(getattr(view, "_apidoc", {}))
    view._apidoc = doc  # type: ignore[attr-defined]  # where smorest looks for it
    method = methods[0].upper()
    is_public = getattr(view, "is_public", False)
    manual: dict[str, Any] = doc.setdefault("manual_doc", {})
    manual["operationId"] = view.__name__
    manual["security"] = [] if is_public else [{"bearer": []}]
    arguments = doc.get("arguments", {})
    arguments.pop("responses", None)  # smorest's own idea of a 422
    _exemplify_arguments(arguments)
    statuses = _error_statuses(view, method, is_public, rule, arguments)
    responses = manual.setdefault("responses", {})
    refusals = _refusals_of(view)
    if 408 in statuses:
        refusals += (BodyIncomplete, ServerBusy)  # a large JSON body
    pages = doc.get("response", {}).get("responses", {})
    for status in sorted(statuses):
        problem = _problem(status, [r for r in refusals if r.status == status])
        responses.setdefault(str(status), _beside(pages.pop(status, []), problem))
    _describe_success(view, doc, replays=_takes_key(view, method, is_public))
    headers: list[Any] = list(manual.pop("parameters", []))  # left there, they would replace those of the schemas
    if _takes_key(view, method, is_public):
        headers.append("IdempotencyKey")
    if method == "GET" and _has_version(view):
        responses.setdefault(
            "304", {"description": "If-None-Match still names the newest version.", "headers": _refer("ETag")}
        )
        headers.append("IfNoneMatch")
    if method in ("PATCH", "PUT", "DELETE") and StaleVersion in refusals:
        headers.append("IfMatch")
    if headers:
        doc.setdefault("arguments", {}).setdefault("parameters", []).extend(headers)


def _refusals_of(view: View) -> tuple[type[Problem], ...]:
    """The problems that the route names; every list also refuses foreign cursors."""
    named: tuple[type[Problem], ...] = getattr(view, "refusals", ())
    is_list = issubclass(getattr(view, "query_schema", Schema), PageArgsSchema)
    return (*named, InvalidCursor) if is_list else named


def _has_version(view: View) -> bool:
    """Returns True if the view returns one thing, which is sent with an ETag."""
    schema = getattr(view, "answer_schema", None)
    return schema is not None and view.answer_status in (200, 201) and not is_page(schema)  # type: ignore[attr-defined]


def _refer(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _takes_key(view: View, method: str, is_public: bool) -> bool:
    return method == "POST" and not is_public and getattr(view, "takes_key", True)


def _error_statuses(view: View, method: str, is_public: bool, rule: str, arguments: dict[str, Any]) -> set[int]:
    statuses = set(_ALWAYS) | {refusal.status for refusal in getattr(view, "refusals", ())}
    if not is_public:
        statuses |= {401, 403, 422}
    if "<" in rule:
        statuses.add(404)
    places = {parameter["in"] for parameter in arguments.get("parameters", [])}
    if places:
        statuses.add(422)
    if "json" in places:
        statuses |= {408, 413, 415}
    if _takes_key(view, method, is_public):
        statuses |= {409, 413, 422}
    return statuses


def _problem(status: int, refusals: list[type[Problem]]) -> dict[str, Any]:
    example = _example_problem(status, refusals)
    description = example["title"]
    if refusals:
        description += ": " + ", ".join(f"`{refusal.code}`" for refusal in refusals)
    schema = {"$ref": "#/components/schemas/Problem"}
    content = {PROBLEM_JSON: {"schema": schema, "example": example}}
    headers = _refer(*_HEADERS, *(["Retry-After"] if status in (429, 503) else []))
    return {"description": description, "headers": headers, "content": content}


def _beside(pages: list[dict[str, Any]], problem: dict[str, Any]) -> dict[str, Any]:
    """Returns the response to document where a route describes pages for people under the same status as a problem."""
    for page in pages:
        media_type = {page["content_type"]: {"schema": file_schema(page["content_type"])}}
        problem["description"] = f"{page['description']}; or a problem: {problem['description']}"
        problem["content"] = media_type | problem["content"]
    return problem


def _example_problem(status: int, refusals: list[type[Problem]]) -> dict[str, Any]:
    kind = _generic(status) or (refusals[0] if refusals else None)
    code = kind.code if kind else HTTPStatus(status).name.lower()
    return {
        "type": f"/docs/problems#{code}",
        "title": kind.title if kind else HTTPStatus(status).phrase,
        "status": status,
        "detail": plain_message(kind) if kind else HTTPStatus(status).description or HTTPStatus(status).phrase,
        "instance": f"/api/v1/example/{EXAMPLE_ID}",
        "code": code,
        "request_id": EXAMPLE_ID,
    }


def plain_message(kind: type[Problem]) -> str:
    """The message of a problem for readers, without the names of its placeholders."""
    return re.sub(r"\{(\w+)\}", "…", kind.message).replace("`", "").replace("….", "…")


def _generic(status: int) -> type[Problem] | None:
    kinds: list[type[Problem]] = [Problem, *Problem.__subclasses__()]
    return next((kind for kind in kinds if kind.status == status), None)


def _describe_success(view: View, doc: dict[str, Any], *, replays: bool) -> None:
    """Give each response its headers and, from its schema's fields, an example."""
    others = ["ETag"] if _has_version(view) else []
    if is_page(getattr(view, "answer_schema", None)):
        others.append("Link")
    if replays:
        others.append("Idempotency-Replayed")
    for responses in doc.get("response", {}).get("responses", {}).values():
        for response in responses:
            response["headers"] = _refer(*_HEADERS, *others) | response.get("headers", {})
            schema = response.get("schema")
            if schema is None and response.get("content_type"):
                response["schema"] = file_schema(response["content_type"])
            elif schema is not None and "example" not in response and "examples" not in response:
                response["example"] = example_of(schema)


def file_schema(content_type: str) -> dict[str, Any]:
    """A file: JSON Schema says so by `contentMediaType`, generators of clients look for `format`."""
    return {"type": "string", "format": "binary", "contentMediaType": content_type}


def _exemplify_arguments(arguments: dict[str, Any]) -> None:
    for parameter in arguments.get("parameters", []):
        if parameter["in"] == "json" and "example" not in parameter and "examples" not in parameter:
            parameter["example"] = example_of(parameter["schema"], loading=True)


def example_of(schema: Any, *, loading: bool = False) -> dict[str, Any]:
    """An example made of the examples of a schema's fields; a field without one is left out."""
    instance: Schema = schema() if isinstance(schema, type) else schema
    shown = instance.load_fields if loading else instance.dump_fields
    found = {field.data_key or name: _example(field, loading) for name, field in shown.items()}
    return {name: value for name, value in found.items() if value is not missing}


def _example(field: fields.Field[Any], loading: bool) -> Any:
    if "example" in field.metadata:
        return field.metadata["example"]
    if isinstance(field, fields.Nested):
        one = example_of(field.schema, loading=loading)
        return [one] if field.many or field.schema.many else one
    if isinstance(field, fields.List):
        inner = _example(field.inner, loading)
        return missing if inner is missing else [inner]
    return missing


def describe_common_parts(api: Api) -> None:
    """Register the components that operations refer to: token, problem document, Idempotency-Key and headers."""
    components = api.spec.components
    components.security_scheme("bearer", {"type": "http", "scheme": "bearer", "bearerFormat": _BEARER} | _BEARER_SAID)
    for unused in ("Error", "PaginationMetadata"):  # smorest's own, which nothing returns
        components.schemas.pop(unused, None)
    if "Problem" not in components.schemas:
        components.schema("Problem", schema=ProblemSchema)
    for name, (kind, description) in (_HEADERS | _OTHER_HEADERS).items():
        components.header(name, {"schema": {"type": kind}, "description": description})
    api.register_converter(UUIDConverter, lambda _: {"type": "string", "format": "uuid", "examples": [EXAMPLE_ID]})
    etag = f'"{EXAMPLE_ID.replace("-", "")}"'
    for name, header, description, example in (
        ("IfMatch", "If-Match", "The ETag of the version to change; 412 if it is no longer the newest.", etag),
        ("IfNoneMatch", "If-None-Match", "The ETag of the known version; 304 if it is still the newest.", etag),
        ("Range", "Range", "One range of bytes.", "bytes=0-1048575"),
        ("IfRange", "If-Range", "Send the range only if this is still the ETag.", etag),
    ):
        components.parameter(
            name,
            "header",
            {
                "name": header,
                "required": False,
                "schema": {"type": "string"},
                "description": description,
                "example": example,
            },
        )
    components.parameter(
        "IdempotencyKey",
        "header",
        {
            "name": IDEMPOTENCY_KEY,
            "required": False,
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": _PRINTABLE},
            "description": "A value of your choice: the same request sent again within 24 h gets the first response.",
            "example": "9f0c1e0a-publish-monday",
        },
    )
