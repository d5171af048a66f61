"""The server against its own document, by requests that schemathesis makes up: no 5xx, no undocumented status or shape."""

from typing import Any

import hypothesis
import pytest
import schemathesis
from flask import Flask
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.conftest import Person
from tests.contract.operations import MISSING
from tests.generated_examples import OF_REQUESTS
from tests.media import sample_media

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
LEAVES_LAST = ("delete", "log_out", "end_", "revoke", "disconnect", "change_password", "terminate")


@schemathesis.serializer("application/offset+octet-stream")
def write_bytes(_context: Any, value: Any) -> bytes:
    """As they are: schemathesis knows no such content."""
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture
def app(make_app: Any, simulator_urls: dict[str, str]) -> Flask:
    return make_app(**simulator_urls)


@pytest.fixture
def belongings(owner: Person, connect_account: Any, run_jobs: Any) -> dict[str, str]:
    """What the owner has, by the names that paths give their ids; the stranger has nothing."""
    account_id = connect_account(owner, "ada")
    file = sample_media.multipart(sample_media.part("file", sample_media.video(), filename="a.mp4"))
    media = owner.post("/media", data=file, content_type=sample_media.MULTIPART).json
    run_jobs()
    post = owner.post("/posts", json=_draft(account_id, media["id"])).json
    key = owner.post("/auth/api-keys", json={"name": "key", "scopes": ["read"]}).json
    publications = owner.get(f"/posts/{post['id']}/publications").json
    sessions = owner.get("/auth/sessions").json
    return {
        "account_id": account_id,
        "media_id": media["id"],
        "post_id": post["id"],
        "key_id": key["id"],
        "feed_id": owner.post("/posts/calendar-feeds", json={"name": "Our posts"}).json["id"],
        "publication_id": publications["data"][0]["id"],
        "session_id": sessions["data"][0]["id"],
    }


def _draft(account_id: str, media_id: str) -> dict[str, Any]:
    return {
        "type": "video",
        "caption": "Hello",
        "privacy_level": "SELF_ONLY",
        "media_ids": [media_id],
        "targets": [{"account_id": account_id}],
    }


def test_a_few_requests_to_every_operation(app, owner, stranger, belongings):
    _ask_everything(app, [owner, stranger], belongings, examples=3)


@pytest.mark.long
def test_many_requests_to_every_operation(app, owner, stranger, belongings):
    _ask_everything(app, [owner, stranger], belongings, examples=200)


def _ask_everything(app: Flask, people: list[Person], belongings: dict[str, str], *, examples: int) -> None:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    operations = [found.ok() for found in schema.get_all_operations()]
    operations.sort(key=lambda operation: operation.definition.raw["operationId"].startswith(LEAVES_LAST))
    assert len(operations) > 40
    found = [(operation.label, _ask(operation, people, belongings, examples)) for operation in operations]
    faults = [f"{label}: {fault}" for label, fault in found if fault]
    assert not faults, "\n\n".join(faults)


def _ask(operation: Any, people: list[Person], belongings: dict[str, str], examples: int) -> str | None:
    """What is wrong with the answers of one operation."""

    @hypothesis.settings(OF_REQUESTS, max_examples=examples)
    @hypothesis.given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        for person in people:
            for name in case.path_parameters or {}:
                case.path_parameters[name] = belongings.get(name, MISSING)
            response = case.call(headers={"Authorization": f"Bearer {person.tokens['access_token']}"})
            case.validate_response(response, checks=CHECKS)

    try:
        ask()
    except FailureGroup as group:
        return "\n".join(str(failure) for failure in group.exceptions) + "\n" + str(group)[-600:]
    return None
