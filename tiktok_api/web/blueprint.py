"""Our blueprint: functions as routes, private unless marked public, documented from what they declare.

    @blp.post("/<uuid:post_id>/schedule")
    @blp.arguments(PostSlotSchema)
    @blp.response(200, PostSchema)
    @blp.raises(PostNotMovable)
    def schedule_post(slot, post_id): ...

The guard around each route checks in this order: static words instead of ids, token, scope, malformed ids, unknown query
parameters, what `admitted_by` names, idempotency, body. Then it calls the route.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from uuid import UUID

import flask_smorest
from apispec import APISpec
from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from flask_smorest import Api
from marshmallow import Schema
from werkzeug.routing import UUIDConverter

from tiktok_api.errors import NotFound, Problem
from tiktok_api.web import allowed_methods, byte_quota, conditional, idempotency
from tiktok_api.web.authentication import required_caller
from tiktok_api.web.idempotency import StreamedBody
from tiktok_api.web.openapi import operations
from tiktok_api.web.pagination import Page, link_to_next
from tiktok_api.web.parsing.parser import parser, refuse_query
from tiktok_api.web.serializing import dump, to_json

View = Callable[..., Any]
Decorator = Callable[[View], View]


class MalformedId:
    """A path segment that is not a UUID: the guard answers 404 once the caller is known."""


class AnyIdConverter(UUIDConverter):
    """Matches any segment, so that a malformed id is refused after authentication, as a missing one is."""

    regex = r"[^/]+"

    def to_python(self, value: str) -> UUID:
        try:
            return UUID(value) if len(value) == 36 else MalformedId()  # type: ignore[return-value]
        except ValueError:
            return MalformedId()  # type: ignore[return-value]


class Blueprint(flask_smorest.Blueprint):
    """One domain's endpoints."""

    ARGUMENTS_PARSER = parser

    def __init__(
        self, name: str, *args: Any, domain: str | None = None, largest_body: int | None = None, **options: Any
    ) -> None:
        """`domain`, where it is not the name, is what the scopes of API keys call these endpoints.

        `largest_body`: bytes that the body of each route may have, where the route itself does not say.
        """
        self.domain = domain or name
        self._largest_body = largest_body
        super().__init__(name, *args, **options)
        self.after_request(conditional.keep_private)

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: View | None = None, *args: Any, **options: Any
    ) -> None:
        """Guard the view and complete its documentation, then register it as smorest does."""
        if view_func is None:
            raise TypeError("a rule needs its function")
        if self._largest_body is not None and not hasattr(view_func, "most_bytes"):
            _mark(view_func, most_bytes=lambda: self._largest_body)
        guarded = _guard(view_func, self.domain)
        operations.complete(guarded, rule=rule, methods=options.get("methods", ["GET"]))
        super().add_url_rule(rule, endpoint, guarded, *args, **options)

    def register_views_in_doc(self, api: Api, app: Flask, spec: APISpec, **named: Any) -> None:
        """Describe the routes when the document is first requested: most processes never show it."""
        describe = super().register_views_in_doc
        operations.describe_later(app, lambda: describe(api, app, spec, **named))

    def get(self, rule: str, **options: Any) -> Decorator:
        """A route that only reads."""
        return cast(Decorator, super().get(rule, **options))

    def post(self, rule: str, **options: Any) -> Decorator:
        """A route that creates or acts."""
        return cast(Decorator, super().post(rule, **options))

    def put(self, rule: str, **options: Any) -> Decorator:
        """A route that replaces."""
        return cast(Decorator, super().put(rule, **options))

    def patch(self, rule: str, **options: Any) -> Decorator:
        """A route that changes some fields."""
        return cast(Decorator, super().patch(rule, **options))

    def delete(self, rule: str, **options: Any) -> Decorator:
        """A route that removes."""
        return cast(Decorator, super().delete(rule, **options))

    def route(self, rule: str, **options: Any) -> Decorator:
        """A route by the method named in `methods`, for HEAD and OPTIONS."""
        return cast(Decorator, super().route(rule, **options))

    def doc(self, **described: Any) -> Decorator:
        """What the document says beyond the other decorators."""
        return cast(Decorator, super().doc(**described))

    def arguments(self, schema: type[Schema], **options: Any) -> Decorator:
        """Read the body (or, with `location="query"`, the query) by `schema`; the route gets it as its next argument.

        A body must be there unless `required=False`; without it an optional one is read as `{}`.
        """
        decorate = cast(Decorator, super().arguments(schema, **options))
        if options.get("location", "json") == "query":
            return lambda view: _mark(decorate(view), query_schema=schema)
        return lambda view: _mark(decorate(view), needs_body=options.get("required", True))

    def public(self, view: View) -> View:
        """Mark a route that needs no token."""
        return _mark(view, is_public=True)

    def any_token(self, view: View) -> View:
        """Mark a route that asks for a token but for no scope."""
        return _mark(view, needs_scope=False)

    def acts_without_key(self, view: View) -> View:
        """Mark a POST that takes no Idempotency-Key: it changes nothing, or must not hold a transaction."""
        return _mark(view, takes_key=False)

    def metered_by_bytes(self, view: View) -> View:
        """Mark a route whose body counts by its bytes, not as a request."""
        return _mark(byte_quota.metered_route(view), is_counted_apart=True)

    def counted_apart(self, view: View) -> View:
        """Mark a route that has a limit of its own instead of the general one."""
        return _mark(view, is_counted_apart=True)

    def accepts_bytes(self, most: Callable[[], int | None]) -> Decorator:
        """Let a route's body have another size than JSON; `most` returns how many bytes, or None for no limit."""
        return lambda view: _mark(view, most_bytes=most)

    def admitted_by(self, check: Callable[..., None]) -> Decorator:
        """Let `check(**ids)` refuse a caller before a key is claimed or a transaction is open."""
        return lambda view: _mark(view, admission=check)

    def reads(self, content_type: str, read: Callable[[bytes], Any]) -> Decorator:
        """Take bodies of another type than JSON too: `read(body)` returns what a JSON body would hold, for the schema."""
        return lambda view: _mark(view, body_readers={content_type: read})

    def receives(self, body: StreamedBody) -> Decorator:
        """Receive a large body before any transaction is open; what was received is the route's first argument."""
        return lambda view: _mark(view, streamed_body=body)

    def judged_by(self, judge: Callable[..., Any]) -> Decorator:
        """If a body has faults of shape, let `judge(sound, **ids)` raise the other faults: one response names them all."""
        return lambda view: _mark(view, judge=judge)

    def raises(self, *errors: type[Problem]) -> Decorator:
        """Name the problems that a route can raise itself; they are documented under their statuses."""
        return lambda view: _mark(view, refusals=(*getattr(view, "refusals", ()), *errors))

    def response(self, status_code: int, schema: type[Schema] | None = None, **doc: Any) -> Decorator:
        """Serialise what the route returns by the compiled schema, with an ETag, or a Link for a page."""
        documented = super().response(status_code, schema, **doc)

        def decorate(view: View) -> View:
            @wraps(view)
            def respond(*args: Any, **kwargs: Any) -> ResponseReturnValue:
                result = view(*args, **kwargs)
                return result if isinstance(result, Response) else _respond(result, status_code, schema)

            return _mark(documented(respond), answer_schema=schema, answer_status=status_code)

        return decorate


def _mark(view: View, **marks: Any) -> View:
    for name, value in marks.items():
        setattr(view, name, value)
    return view


def _respond(result: Any, status_code: int, schema: type[Schema] | None) -> Response:
    if schema is None:
        return Response(status=status_code)
    body = dump(schema, result)
    if isinstance(result, Page) and result.total is None:
        body.pop("total", None)
        body.pop("total_is_exact", None)
    written = to_json(body)
    response = Response(written, status=status_code, content_type="application/json")
    if isinstance(result, Page):
        if result.next_cursor:
            response.headers["Link"] = link_to_next(result.next_cursor)
        return response
    return (
        conditional.tag(response, conditional.version_of(schema, body, written))
        if status_code in (200, 201)
        else response
    )


def _admit(**_: Any) -> None:
    """What stands where a route names nothing to be `admitted_by`."""


def _guard(view: View, domain: str) -> View:
    is_public = getattr(view, "is_public", False)
    takes_key = getattr(view, "takes_key", True)
    needs_scope = getattr(view, "needs_scope", True)
    streamed = getattr(view, "streamed_body", None)
    admit = getattr(view, "admission", _admit)

    @wraps(view)
    def guarded(**in_path: Any) -> Any:
        if any(isinstance(value, MalformedId) for value in in_path.values()):
            allowed_methods.refuse_static_words()
        caller = None if is_public else required_caller()
        if caller is not None and needs_scope:
            caller.must_be_allowed(domain, to_write=request.method not in ("GET", "HEAD", "OPTIONS"))
        if any(isinstance(value, MalformedId) for value in in_path.values()):
            raise NotFound
        if not (is_public or hasattr(view, "query_schema")):
            refuse_query()
        admit(**in_path)

        def act(*received: Any) -> Any:
            return view(*received, **in_path)

        if caller is None or request.method != "POST" or not takes_key:
            return act()
        return idempotency.run(caller, act, streamed=streamed)

    return guarded
