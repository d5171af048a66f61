"""No value of any header that is read breaks an operation."""

import re
from collections.abc import Iterator
from itertools import islice, product
from typing import Any

import pytest

from tests.contract.example_requests import example_of
from tests.contract.operations import MISSING, Operation
from tests.databases import on_each_database
from tests.media.tus_client import begin
from tests.web.problems import assert_problem

VALUES = {
    "Latin-1": "caf\u00e9",
    "UTF-8": "filename \u00e2\u0082\u00ac",
    "no UTF-8": "\u00ff\u00fe\u0080",
    "NUL": "a\0b",
    "control characters": "\x01\x1b[2J\x7f",
    "empty": "",
    "spaces": " \t ",
    "punctuation": '"\\,;=*/%%{}<>',
    "8 kB": "x" * 8_000,
    "8 kB of commas": '"a",' * 2_000,
    "extended parameters": "multipart/form-data; boundary*=UTF-8''%E2%82%AC; boundary*0=a; charset*=x''%FF",
    "a wide number": "9" * 400,
    "bytes=": "bytes=0-1,0-1,-5,9999999999999999999999-",
    "base64": "sha1 \u00e9\u00e9==",
}
READ_EVERYWHERE = (
    *("Accept", "Accept-Encoding", "Access-Control-Request-Headers", "Access-Control-Request-Method", "Authorization"),
    *(
        "Content-Encoding",
        "Content-Type",
        "Cookie",
        "Idempotency-Key",
        "If-Match",
        "If-Modified-Since",
        "If-None-Match",
    ),
    *("If-Range", "Origin", "Range", "Referer", "Tus-Resumable", "Upload-Metadata", "User-Agent", "X-Forwarded-For"),
    *("X-HTTP-Method-Override", "X-Request-ID", "TikTok-Signature", "Upload-Checksum", "Upload-Concat"),
)


@pytest.fixture
def app(make_app: Any, simulator_urls: dict[str, str], each_database_url: str) -> Any:
    return make_app(**simulator_urls, database_url=each_database_url, cors_origins=("https://app.example.com",))


def _strange(operations: list[Operation]) -> Iterator[tuple[Operation, str, str]]:
    """An operation, a header and a kind of value: all kinds for what the operation documents, and for the rest some."""
    deletions_last = sorted(operations, key=lambda each: (each.method == "delete", each.path == "/api/v1/auth/me"))
    others = list(product(READ_EVERYWHERE, VALUES))
    for place, operation in enumerate(deletions_last):
        named = {each["name"] for each in operation.parameters if each["in"] == "header"}
        yield from ((operation, name, kind) for name in sorted(named) for kind in VALUES)
        yield from ((operation, *other) for other in others[place % 7 :: 7])


def _send(person: Any, operation: Operation, ids: dict[str, str], header: str, kind: str) -> Any:
    ids = ids | ({"media_id": ids["upload_id"]} if "/uploads/" in operation.path else {})
    path = re.sub(r"{(\w+)}", lambda found: ids.get(found[1], MISSING), operation.path)
    key = header.upper().replace("-", "_")
    environ = {key if key == "CONTENT_TYPE" else f"HTTP_{key}": VALUES[kind]}
    if header != "Authorization":
        environ |= {"HTTP_AUTHORIZATION": f"Bearer {person.tokens['access_token']}"}
    sent = example_of(operation)
    return person.client.open(path, method=operation.method.upper(), environ_overrides=environ, **sent)


@on_each_database
@pytest.mark.parametrize("share", [pytest.param(6, id="some"), pytest.param(1, id="all", marks=pytest.mark.long)])
def test_no_header_value_breaks_an_operation(owner, operations, make_post, share):
    post = make_post()
    ids = {"post_id": post["id"], "account_id": post["targets"][0]["account_id"], "media_id": post["media_ids"][0]}
    ids["upload_id"] = begin(owner, 1000).id
    broken = []
    for operation, header, kind in islice(_strange(operations), 0, None, share):
        answer = _send(owner, operation, ids, header, kind)
        if answer.status_code >= 500:
            broken.append((str(operation), header, kind, answer.status_code, answer.json))

    assert broken == []


MALFORMED = ["Latin-1", "NUL", "control characters"]


@pytest.mark.parametrize("kind", MALFORMED)
@pytest.mark.parametrize("header", ["If-Match", "If-None-Match", "Range", "Idempotency-Key", "Content-Type", "Origin"])
def test_a_header_that_is_not_ascii_is_named(client, header, kind):
    key = header.upper().replace("-", "_")
    environ = {key if key == "CONTENT_TYPE" else f"HTTP_{key}": VALUES[kind]}

    response = client.post("/api/v1/auth/login", environ_overrides=environ)

    assert header in assert_problem(response, 400, "malformed_header")["detail"]


def test_a_header_that_nothing_reads_may_have_any_letters(client):
    response = client.get(
        "/livez", headers={"CF-IPCity": "K\u00f8benhavn", "User-Agent": "caf\u00e9", "Cookie": "name=J\u00fcrgen"}
    )

    assert response.status_code == 200
