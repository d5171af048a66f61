"""What can be refused, filed under what the client should do about it.

Problem
├── BadRequest        400  correct the request itself
├── Unauthorized      401  sign in (again)
├── Forbidden         403  use a token with more rights: this one never suffices
├── NotFound          404  the caller has no such thing
├── MethodNotAllowed  405  use another method
├── RequestTimeout    408  send the request again, faster
├── Conflict          409  the thing is in another state: read it again
├── Gone              410  it was here and does not come back
├── StaleVersion      412  read it again before changing it
├── BodyTooLarge      413  send less
├── UnsupportedBody   415  send another content type
├── Invalid           422  correct the named fields
├── Locked            423  another request is working on it: try again
├── TooManyRequests   429  wait
├── UpstreamFailed    502  TikTok's answer is unusable: try again later
├── Unavailable       503  try again later
└── OutOfSpace        507  the operator must make room

A domain's own errors subclass these; their `code` is the class name in snake case.
"""

import re
from typing import Any, ClassVar, Self


class Problem(Exception):
    """A refusal: `status` and `code` for programs, `title` and `detail` for people, `extra` members for both."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal server error"
    message: ClassVar[str] = "Something went wrong on our side."
    code: ClassVar[str] = "internal_server_error"

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "code" not in cls.__dict__ and not issubclass(cls, NotFound):
            cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, detail: str | None = None, /, *, headers: dict[str, str] | None = None, **facts: Any) -> None:
        """`facts` fill the braces of `message`; those that are `extra` members travel in the problem document."""
        self.headers = headers or {}
        self.extra: dict[str, Any] = facts.pop("extra", {})
        self.detail = detail if detail is not None else self.message.format(**facts)
        super().__init__(self.detail)


class NotFound(Problem):
    """The one code of every 404: what belongs to another user does not exist for the caller."""

    status = 404
    title = "Not found"
    message = "There is nothing here."
    code = "not_found"


class BadRequest(Problem):
    status = 400
    title = "Bad request"
    message = "The request could not be understood."


class Unauthorized(Problem):
    status = 401
    title = "Unauthorized"
    message = "Sign in first: send `Authorization: Bearer <access token>`."

    def __init__(self, detail: str | None = None, /, **facts: Any) -> None:
        super().__init__(detail, **facts)
        self.headers.setdefault("WWW-Authenticate", 'Bearer realm="tiktok-api"')


class Forbidden(Problem):
    status = 403
    title = "Forbidden"
    message = "This token may not do that."


class MethodNotAllowed(Problem):
    status = 405
    title = "Method not allowed"
    message = "This address does not take that method; see the Allow header."


class RequestTimeout(Problem):
    status = 408
    title = "Request timeout"
    message = "The request did not arrive in time; send it again."


class Conflict(Problem):
    status = 409
    title = "Conflict"
    message = "The state of things does not allow that."


class Gone(Problem):
    status = 410
    title = "Gone"
    message = "This is gone for good."


class StaleVersion(Problem):
    status = 412
    title = "Precondition failed"
    message = "It has changed since you read it; read it again and decide anew."


class BodyTooLarge(Problem):
    status = 413
    title = "Content too large"
    message = "The request body is larger than this address takes."


class UnsupportedBody(Problem):
    status = 415
    title = "Unsupported media type"
    message = "Send the body as application/json."


def fault(
    code: str, message: str, *, pointer: str | None = None, parameter: str | None = None, **members: Any
) -> dict[str, Any]:
    """One entry of `errors`, at a JSON `pointer` (RFC 6901) into the body or at a query parameter or header."""
    place = {"parameter": parameter} if pointer is None else {"pointer": pointer}
    return {**place, "code": code, "message": message, **members}


class Invalid(Problem):
    """`errors` lists the faults, each as made by `fault`."""

    status = 422
    title = "Invalid request"
    message = "The request has faults; each is listed under errors."

    def __init__(self, detail: str | None = None, /, *, errors: list[dict[str, Any]] | None = None, **facts: Any):
        super().__init__(detail, **facts)
        if errors is not None:
            self.extra = {**self.extra, "errors": errors}

    @classmethod
    def at(
        cls,
        pointer: str | None = None,
        *,
        parameter: str | None = None,
        code: str | None = None,
        message: str | None = None,
        **facts: Any,
    ) -> Self:
        """This problem with one fault: `WeakPassword.at("/password")`. By default its code and message are the problem's."""
        problem = cls(**facts)
        found = fault(code or cls.code, message or problem.detail, pointer=pointer, parameter=parameter)
        problem.extra = {**problem.extra, "errors": [found]}
        return problem


class Locked(Problem):
    status = 423
    title = "Locked"
    message = "Another request is working on it; try again."


class TooManyRequests(Problem):
    status = 429
    title = "Too many requests"
    message = "That was too many requests; wait as long as Retry-After says."


class UpstreamFailed(Problem):
    status = 502
    title = "Bad gateway"
    message = "TikTok gave no usable answer; try again later."


class Unavailable(Problem):
    status = 503
    title = "Service unavailable"
    message = "Not possible right now; try again later."


class OutOfSpace(Problem):
    status = 507
    title = "Insufficient storage"
    message = "The server has no room left; what was already acknowledged is kept."
