"""What every problem document looks like."""

from typing import Any

from werkzeug.test import TestResponse

MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id"}


def assert_problem(response: TestResponse, status: int, code: str | None = None) -> dict[str, Any]:
    """Hold an answer against RFC 9457 and our members of it; answers the document."""
    document: Any = response.json
    assert response.status_code == status, (response.status_code, document)
    assert response.content_type == "application/problem+json"
    assert set(document) - {"errors", "more_errors", "upstream"} == MEMBERS
    assert document["status"] == status
    assert document["type"].endswith(f"/docs/problems#{document['code']}")
    assert document["request_id"] == response.headers["X-Request-ID"]
    assert all(document[member] for member in MEMBERS)
    assert ("Retry-After" in response.headers) == (status in (429, 503))
    if code is not None:
        assert document["code"] == code
    return dict(document)
