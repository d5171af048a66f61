"""Every error as a problem document (RFC 9457): domain errors, Flask's, marshmallow's, JWT's and our own bugs."""

from itertools import accumulate
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import structlog
from flask import Flask, Response, current_app, g, request
from flask_limiter import RateLimitExceeded
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError
from werkzeug.exceptions import ClientDisconnected, HTTPException, MethodNotAllowed, RequestedRangeNotSatisfiable
from werkzeug.routing import RequestRedirect

from tiktok_api import errors
from tiktok_api.db import end_reading
from tiktok_api.schema import revisions
from tiktok_api.web import allowed_methods, authentication, limits
from tiktok_api.web.serializing import to_json

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"
MOST_FAULTS, MOST_FAULT_BYTES = 100, 32 * 1024
"""The most that a problem lists under `errors`."""


class MalformedRequest(errors.BadRequest):
    message = "The request is not well-formed HTTP for this address."


class BodyIncomplete(errors.RequestTimeout):
    message = "The request body did not arrive whole, or was too slow; send it again."


class DatabaseBusy(errors.Unavailable):
    message = "The database is not reachable or too busy; try again."


class SchemaNotCurrent(errors.Unavailable):
    message = "The database is not at the revision of this version; the operator has to upgrade it. Try again later."


class ChangedMeanwhile(errors.Conflict):
    message = "Something that this needs was deleted meanwhile; look again."


_BY_STATUS: dict[int, type[errors.Problem]] = {
    400: MalformedRequest,
    401: errors.Unauthorized,
    403: errors.Forbidden,
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
    408: errors.RequestTimeout,
    413: errors.BodyTooLarge,
    415: errors.UnsupportedBody,
    429: errors.TooManyRequests,
    503: errors.Unavailable,
}


def install(app: Flask) -> None:
    """Answer every exception with a problem document."""
    app.register_error_handler(errors.Problem, render)
    app.register_error_handler(RateLimitExceeded, lambda error: render(limits.as_problem(error)))
    app.register_error_handler(HTTPException, _render_http)
    app.register_error_handler(OperationalError, _render_database)
    app.register_error_handler(DBAPIError, _render_statement)
    app.register_error_handler(DataError, _render_value)
    app.register_error_handler(PoolTimeout, _render_database)
    for vanished in (IntegrityError, ObjectDeletedError, StaleDataError):
        app.register_error_handler(vanished, _render_vanished)
    app.register_error_handler(Exception, _render_bug)
    app.after_request(_redirect_without_host)


def _redirect_without_host(response: Response) -> Response:
    """A redirect to the proper spelling of a path: werkzeug builds it on the host that the client has named."""
    if isinstance(request.routing_exception, RequestRedirect):
        target = urlsplit(request.routing_exception.new_url)
        response.headers["Location"] = urlunsplit(("", "", "/" + target.path.lstrip("/"), target.query, ""))
        response.set_data(b"")
    return response


def render(problem: errors.Problem) -> Response:
    """The response with the problem document of `problem`."""
    g.problem_code = problem.code
    response = Response(to_json(document_of(problem)), status=problem.status, content_type=CONTENT_TYPE)
    response.headers.extend(problem.headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def document_of(problem: errors.Problem) -> dict[str, Any]:
    """The problem document of `problem`, which may also stand inside of another response."""
    return {
        "type": f"{request.script_root}/docs/problems#{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": quote(request.path, safe="/:@!$&'()*+,;=~"),
        "code": problem.code,
        "request_id": g.get("request_id", ""),
        **_bounded(problem.extra),
    }


def _bounded(extra: dict[str, Any]) -> dict[str, Any]:
    """The members of a problem, with no more faults than a person reads; `more_errors` says how many are left out."""
    faults = extra.get("errors", [])
    sizes = accumulate(len(to_json(fault)) for fault in faults[:MOST_FAULTS])
    shown = sum(size <= MOST_FAULT_BYTES for size in sizes)
    if shown == len(faults):
        return extra
    return extra | {"errors": faults[:shown], "more_errors": len(faults) - shown}


def _render_http(error: HTTPException) -> Response:
    if error.code is not None and error.code < 400 and error.response is None:  # a redirect is not a failure
        return Response(status=error.code, headers=list(error.get_headers()))
    if isinstance(error, ClientDisconnected):
        return render(BodyIncomplete())
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        methods = allowed_methods.methods_at(request.path) or error.valid_methods
        return render(errors.MethodNotAllowed(headers={"Allow": allowed_methods.allow(methods)}))
    if isinstance(error, RequestedRangeNotSatisfiable):
        response = render(_other(416, "range_not_satisfiable", "Range not satisfiable", "No such bytes."))
        response.headers["Content-Range"] = f"bytes */{error.length}"
        return response
    kind = _BY_STATUS.get(error.code or 500)
    if kind is not None:
        return render(kind())
    return render(_other(error.code or 500, "http_error", error.name, error.description or error.name))


def _other(status: int, code: str, title: str, detail: str) -> errors.Problem:
    problem = errors.Problem(detail)
    problem.status, problem.code, problem.title = status, code, title  # type: ignore[misc]  # a status with no class
    return problem


def _render_database(error: OperationalError | PoolTimeout) -> Response:
    if isinstance(error, OperationalError) and revisions.is_about_schema(error):
        return _render_schema(error)
    log.error("database.unavailable", error=_first_line(error))
    return render(DatabaseBusy(headers={"Retry-After": "1"}))


def _render_statement(error: DBAPIError) -> Response:
    """A statement that the database refused: a bug of ours, unless its tables are those of another version."""
    return _render_schema(error) if revisions.is_about_schema(error) or _is_of_another_version() else _render_bug(error)


def _render_value(error: DataError) -> Response:
    """A value that no column takes, such as a text with U+0000 on PostgreSQL: schemas should have found it."""
    log.error("database.value_refused", error=_first_line(error))
    place = errors.fault("invalid", "Something in this request cannot be stored.", pointer="")
    return render(errors.Invalid(errors=[place]))


def _render_schema(error: DBAPIError) -> Response:
    log.error("database.schema_not_current", error=_first_line(error))
    return render(SchemaNotCurrent(headers={"Retry-After": "30"}))


def _first_line(error: DBAPIError | PoolTimeout) -> str:
    """What the database says of itself; the lines that follow may quote what was to be stored."""
    return str(getattr(error, "orig", error)).partition("\n")[0]


def _is_of_another_version() -> bool:
    end_reading()
    try:
        return revisions.state().is_of_another_version
    except SQLAlchemyError:
        return False


def _render_vanished(error: IntegrityError | ObjectDeletedError | StaleDataError) -> Response:
    """A row was deleted while the request ran. Answers 401, 404 or 409 depending on which."""
    end_reading()
    refusal = authentication.refusal_now()
    if refusal is not None:
        return render(refusal)
    if not isinstance(error, IntegrityError):
        return render(errors.NotFound())
    if "foreign key" in str(error.orig).lower():
        return render(ChangedMeanwhile())
    return _render_statement(error)


def _render_bug(error: Exception) -> Response:
    route = request.url_rule.rule if request.url_rule else None  # not the path, which may hold a secret
    log.exception("request.failed", method=request.method, route=route, exc_info=error)
    if current_app.config.get("PROPAGATE_BUGS"):
        raise error
    return render(errors.Problem())
