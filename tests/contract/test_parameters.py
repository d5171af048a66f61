"""Every parameter that the code reads is in the document, in queries and in headers."""

from collections.abc import Iterator
from typing import Any

from flask import Flask

from tests.contract.operations import some
from tiktok_api.errors import StaleVersion

TUS_HEADERS = {
    "create_upload": {
        "Tus-Resumable",
        "Upload-Length",
        "Upload-Defer-Length",
        "Upload-Metadata",
        "Upload-Checksum",
    },
    "append_upload": {"Tus-Resumable", "Upload-Offset", "Upload-Length", "Upload-Checksum"},
    "show_upload_offset": {"Tus-Resumable"},
    "terminate_upload": {"Tus-Resumable"},
    "override_upload_method": {
        "X-HTTP-Method-Override",
        "Tus-Resumable",
        "Upload-Offset",
        "Upload-Length",
        "Upload-Checksum",
    },
    "download_media": {"Range", "If-Range", "If-None-Match"},
    "show_thumbnail": {"Range", "If-Range", "If-None-Match"},
    "draw_account": {"If-None-Match"},
    "receive_tiktok_event": {"TikTok-Signature"},
}


def views_of(app: Flask) -> Iterator[tuple[str, Any]]:
    """The name of each operation and the function behind it."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            view = app.view_functions[rule.endpoint]
            yield view.__name__, view


def declared_in_queries(view: Any) -> set[str]:
    """What the view's argument schemas read from the query."""
    arguments = view._apidoc.get("arguments", {}).get("parameters", [])
    schemas = [each["schema"] for each in arguments if isinstance(each, dict) and each["in"] == "query"]
    return {field.data_key or name for schema in schemas for name, field in schema().load_fields.items()}


def documented(operation: Any, place: str) -> list[str]:
    return [parameter["name"] for parameter in operation.parameters if parameter["in"] == place]


def test_every_query_parameter_that_the_code_reads_is_in_the_document(app, operations):
    declared = {name: declared_in_queries(view) for name, view in views_of(app)}

    shown = {operation.document["operationId"]: documented(operation, "query") for operation in operations}

    assert sum(len(names) for names in declared.values()) > 60
    assert {name: sorted(names) for name, names in shown.items() if names} == {
        name: sorted(names) for name, names in declared.items() if names
    }


def test_every_idempotency_key_is_documented(app, operations):
    taking = {
        name
        for name, view in views_of(app)
        if name in posts_of(operations) and not getattr(view, "is_public", False) and getattr(view, "takes_key", True)
    }

    shown = {o.document["operationId"] for o in operations if "Idempotency-Key" in documented(o, "header")}

    assert len(taking) > 10
    assert shown == taking


def test_every_if_match_is_documented(app, operations):
    holding = {name for name, view in views_of(app) if StaleVersion in getattr(view, "refusals", ())}

    shown = {o.document["operationId"] for o in operations if "If-Match" in documented(o, "header")}

    assert len(holding) > 5
    assert shown == holding


def test_every_operation_that_answers_304_takes_if_none_match_or_is_a_file(operations):
    answering = some(o for o in operations if "304" in o.document["responses"] and "ETag" in _headers_of_success(o))

    assert [str(o) for o in answering if "If-None-Match" not in documented(o, "header")] == []


def test_the_headers_of_uploads_and_ranges_are_in_the_document(operations):
    shown = {o.document["operationId"]: set(documented(o, "header")) for o in operations}

    assert {name: shown[name] for name in TUS_HEADERS} == TUS_HEADERS


def test_every_parameter_in_a_path_is_in_the_document_once(operations):
    for operation in some(o for o in operations if "{" in o.path):
        names = [f"{{{name}}}" for name in documented(operation, "path")]
        assert len(names) == operation.path.count("{"), str(operation)
        assert all(name in operation.path for name in names), str(operation)


def posts_of(operations: list[Any]) -> set[str]:
    return {operation.document["operationId"] for operation in operations if operation.method == "post"}


def _headers_of_success(operation: Any) -> dict[str, Any]:
    return dict(operation.document["responses"].get("200", {}).get("headers", {}))
