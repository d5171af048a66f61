"""Requests of an operation's own example, and the part of a response that must not depend on an id."""

import re
from typing import Any
from uuid import UUID


def send_example(person: Any, operation: Any, identifier: str | UUID) -> Any:
    path = re.sub(r"{\w+}", str(identifier), operation.path.removeprefix("/api/v1"))
    return person.open(path, method=operation.method.upper(), **example_of(operation))


def example_of(operation: Any) -> dict[str, Any]:
    """The body and headers of the operation's own example, so that nothing but the id is wrong."""
    headers = {"Upload-Offset": "0"} if "/uploads/" in operation.path else {}
    for parameter in operation.parameters:
        if parameter["in"] == "header" and parameter["name"] not in ("Idempotency-Key", "If-Match", "If-None-Match"):
            headers[parameter["name"]] = str(parameter.get("example", parameter["schema"].get("example", "")))
    return {"headers": headers} | example_body(operation)


def example_body(operation: Any) -> dict[str, Any]:
    """The body alone; of several kinds, JSON."""
    options: dict[str, Any] = {}
    contents = operation.document.get("requestBody", {}).get("content", {})
    for kind, content in contents.items():
        if kind != "application/json" in contents:
            continue
        if kind == "application/json":
            options["json"] = content["example"]
        else:
            options |= {"data": b"", "content_type": kind}
    return options


def gist_of(answer: Any) -> tuple[Any, ...]:
    document = answer.json if answer.data else {}
    return answer.status_code, answer.content_type, document.get("code"), document.get("detail"), document.get("title")
