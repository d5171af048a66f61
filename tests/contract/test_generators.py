"""What generators of clients need of the document."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import pytest
from marshmallow import fields

from tests.contract.operations import some
from tiktok_api.accounts.models import AccountStatus
from tiktok_api.extensions import services_of
from tiktok_api.media.models import MediaStatus
from tiktok_api.posts.models import PublicationState
from tiktok_api.posts.vocabulary import PostStatus, PrivacyLevel
from tiktok_api.settings import Settings
from tiktok_api.web.blueprint import Blueprint
from tiktok_api.web.openapi.json_schemas import Choice, PartOf, Pattern
from tiktok_api.web.schemas import Schema, nullable

SCHEMAS = "#/components/schemas/"


def inside(schema: Any) -> Iterator[dict[str, Any]]:
    """A schema and every schema inside it; references are not followed."""
    if not isinstance(schema, dict):
        return
    yield schema
    for inner in (schema.get("items"), schema.get("additionalProperties"), *schema.get("properties", {}).values()):
        yield from inside(inner)
    for word in ("anyOf", "oneOf", "allOf"):
        for inner in schema.get(word, []):
            yield from inside(inner)


def contents(parts: Any) -> list[dict[str, Any]]:
    return [content["schema"] for part in parts for content in part.get("content", {}).values() if "schema" in content]


def reached(document: Any, roots: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The named schemas that these refer to, directly or by others."""
    found: dict[str, dict[str, Any]] = {}
    waiting = list(roots)
    while waiting:
        for schema in inside(waiting.pop()):
            name = schema.get("$ref", "").removeprefix(SCHEMAS)
            if name and name not in found:
                found[name] = document["components"]["schemas"][name]
                waiting.append(found[name])
    assert found
    return found


def in_requests(document: Any, operations: list[Any]) -> dict[str, dict[str, Any]]:
    return reached(document, contents(o.document["requestBody"] for o in operations if "requestBody" in o.document))


def in_answers(document: Any, operations: list[Any]) -> dict[str, dict[str, Any]]:
    return reached(document, contents(answer for o in operations for answer in o.document["responses"].values()))


def objects(schemas: dict[str, dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    return some((name, schema) for name, schema in schemas.items() if "properties" in schema)


def test_the_document_is_not_large_for_what_it_describes(app, operations):
    assert len(app.test_client().get("/openapi.json").data) < 4_700 * len(operations)


def test_no_request_has_a_default_that_generators_would_oblige_clients_to_send(document, operations):
    found = [
        name
        for name, schema in in_requests(document, operations).items()
        for each in inside(schema)
        if "default" in each
    ]

    assert found == []
    assert "Without it: `video`." in document["components"]["schemas"]["PostDraft"]["properties"]["type"]["description"]


def test_requests_are_closed_and_answers_open(document, operations):
    requests, answers = objects(in_requests(document, operations)), objects(in_answers(document, operations))

    assert [name for name, schema in requests if schema.get("additionalProperties") is not False] == []
    assert [name for name, schema in answers if schema.get("additionalProperties") is False] == []


def test_no_schema_is_of_requests_and_of_answers(document, operations):
    both = in_requests(document, operations).keys() & in_answers(document, operations).keys()

    assert [name for name in both if "properties" in document["components"]["schemas"][name]] == []


RECURRING = ("RecurringContent", "RecurringTarget")
"""As Overrides: what they do not say is filled in from the accounts' defaults when a post is made."""


def test_whatever_an_answer_may_lack_is_known(document, operations):
    optional = {
        f"{name}.{member}"
        for name, schema in objects(in_answers(document, operations))
        for member in schema["properties"].keys() - set(schema.get("required", []))
        if not name.endswith("Page") and name not in ("Problem", "Fault", "Overrides", *RECURRING)
    }

    assert optional <= {"AccountVideos.total", "AccountVideos.total_is_exact"}


@pytest.mark.parametrize("enum", [PrivacyLevel, PublicationState, PostStatus, MediaStatus, AccountStatus])
def test_enums_are_components_of_their_own_name(document, enum: type[StrEnum]):
    schema = document["components"]["schemas"][enum.__name__]

    assert schema == {"type": "string", "enum": [member.value for member in enum]}


def test_words_are_listed_in_components_alone(document, operations):
    schemas = document["components"]["schemas"]
    named = [schema["enum"] for schema in schemas.values() if "enum" in schema]
    parameters = [parameter["schema"] for operation in operations for parameter in operation.parameters]

    inline = [
        (name, each)
        for name, schema in [*schemas.items(), *(("parameter", schema) for schema in parameters)]
        for each in inside(schema)
        if ("enum" in each and each is not schema) or ("enum" in each and name == "parameter")
    ]

    assert inline == []
    assert len(named) > 15
    assert len({tuple(sorted(words)) for words in named}) == len(named)


def test_a_nullable_component_is_either_the_component_or_null(document):
    post = document["components"]["schemas"]["Post"]["properties"]
    media = document["components"]["schemas"]["Media"]["properties"]

    assert post["privacy_level"]["anyOf"] == [{"$ref": f"{SCHEMAS}PrivacyLevel"}, {"type": "null"}]
    assert media["rejection"]["anyOf"] == [{"$ref": f"{SCHEMAS}Rejection"}, {"type": "null"}]


def test_files_are_said_in_both_ways(document, operations):
    bodies = {
        kind: content["schema"]
        for operation in operations
        for part in (operation.document.get("requestBody", {}), *operation.document["responses"].values())
        for kind, content in part.get("content", {}).items()
        if kind == "multipart/form-data" or kind.startswith(("video/", "image/jpeg", "application/offset"))
    }

    assert bodies.keys() >= {"multipart/form-data", "application/offset+octet-stream", "video/mp4", "image/jpeg"}
    for kind, schema in bodies.items():
        file = schema["properties"]["file"] if kind == "multipart/form-data" else schema
        assert file.items() >= {"type": "string", "format": "binary"}.items(), kind
        assert re.fullmatch(r"\w+/[\w+-]+", file["contentMediaType"]), kind


def test_no_schema_is_called_as_one_of_its_members(document):
    clashing = [
        (name, member)
        for name, schema in objects(document["components"]["schemas"])
        for member in schema["properties"]
        if name == "".join(word.capitalize() for word in member.split("_"))
    ]

    assert clashing == []


def test_every_error_is_a_shared_component_and_the_codes_of_its_own_are_said(document):
    shared = document["components"]["responses"]
    refusals = some(
        (operation, status, answer)
        for item in document["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
        for status, answer in operation["responses"].items()
        if status >= "4" and "text/html" not in answer.get("content", {})
    )

    for operation, status, answer in refusals:
        assert answer["$ref"].removeprefix("#/components/responses/") in shared, (operation["operationId"], status)
        codes = operation.get("x-problem-codes", {}).get(status, [])
        assert all(f"`{code}`" in answer["description"] for code in codes)
    assert {"Conflict", "NotFound", "Unauthorized", "InvalidRequest"} <= shared.keys()
    cancel = document["paths"]["/api/v1/posts/{post_id}/cancel"]["post"]
    assert cancel["x-problem-codes"]["409"] == ["nothing_to_cancel"]


def test_every_json_answer_of_success_has_a_schema(operations):
    registering = next(operation for operation in operations if operation.document["operationId"] == "register")

    assert registering.document["responses"]["202"]["content"]["application/json"]["schema"] == {
        "$ref": f"{SCHEMAS}PendingRegistration"
    }


def test_rule_values_and_overrides_are_typed(document):
    schemas = document["components"]["schemas"]

    for member in (
        schemas[name]["properties"][each] for name in ("Fault", "MediaCheck") for each in ("found", "allowed")
    ):
        assert member["$ref"] == f"{SCHEMAS}RuleValue"
    assert {kind for each in schemas["RuleValue"]["anyOf"] for kind in [each["type"]]} == {
        "string",
        "number",
        "boolean",
        "array",
        "object",
        "null",
    }
    for name in ("PostTarget", "Publication"):
        assert schemas[name]["properties"]["overrides"]["$ref"] == f"{SCHEMAS}Overrides"
    assert "required" not in schemas["Overrides"]
    assert "caption" in schemas["Overrides"]["properties"]


def test_the_document_names_server_contact_and_bearer(app, document):
    bearer = document["components"]["securitySchemes"]["bearer"]

    assert document["servers"][0]["url"] == services_of(app)[Settings].public_url
    assert document["servers"][1]["url"] == "/"
    assert document["info"]["contact"]["url"] == services_of(app)[Settings].public_url
    assert (bearer["type"], bearer["scheme"]) == ("http", "bearer")
    assert "JWT" in bearer["bearerFormat"]
    assert "tk_" in bearer["bearerFormat"]
    assert "tk_" in bearer["description"]


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class LampSchema(Schema):
    """A lamp."""

    colour = fields.Enum(Colour, by_value=True, metadata={"example": "red"})
    other_colour = nullable(fields.String, example=None, validate=Choice(Colour))
    same_words = fields.String(validate=Choice(["blue", "red"]), metadata={"example": "blue"})
    bulb = fields.String(validate=Choice(["led"], name="Bulb"), metadata={"example": "led"})
    socket = fields.String(validate=Choice(["e14", "e27"]), metadata={"example": "e14"})
    serial = fields.String(validate=Pattern("^[0-9]{3}$", error="Three digits."), metadata={"example": "123"})
    made_at = fields.AwareDateTime(dump_only=True, metadata={"example": "2027-03-02T12:00:00Z"})
    secret = fields.String(load_only=True, required=True, metadata={"example": "xyz"})
    note = fields.String(load_default="none", metadata={"may_be_absent": True, "example": "new"})
    parts = PartOf(Schema.from_dict({"shade": fields.String()}, name="LampPartsSchema"), metadata={"example": {}})


@pytest.fixture
def described(make_app: Any) -> Any:
    """The document of an application with one more domain, declared as the docstring of `web/openapi/json_schemas.py` says."""
    blueprint = Blueprint("lamps", __name__, url_prefix="/lamps", description="Lamps")

    @blueprint.post("")
    @blueprint.arguments(LampSchema)
    @blueprint.response(201, LampSchema)
    def make_lamp(lamp: Any) -> Any:
        """Make a lamp"""
        return lamp

    app = make_app()
    app.extensions["tiktok_api.api"].register_blueprint(blueprint, url_prefix="/api/v1/lamps")
    return app.test_client().get("/openapi.json").json


def test_whatever_is_declared_is_described(described):
    schemas = described["components"]["schemas"]
    answer, request = schemas["Lamp"], schemas["LampInput"]

    assert answer["properties"]["colour"]["$ref"] == f"{SCHEMAS}Colour"
    assert answer["properties"]["other_colour"]["anyOf"] == [{"$ref": f"{SCHEMAS}Colour"}, {"type": "null"}]
    assert answer["properties"]["same_words"]["$ref"] == f"{SCHEMAS}Colour"
    assert schemas["Bulb"]["enum"] == ["led"]
    assert schemas["LampSocket"]["enum"] == ["e14", "e27"]
    assert answer["required"] == sorted(LampSchema().fields.keys() - {"note", "secret"})
    assert "secret" not in answer["properties"]
    assert "made_at" not in request["properties"]
    assert "additionalProperties" not in answer
    assert request["additionalProperties"] is False
    assert request["required"] == ["secret"]
    assert request["properties"]["serial"]["pattern"] == "^[0-9]{3}$"
    assert request["properties"]["note"]["description"] == "Without it: `none`."
    assert "pattern" in request["properties"]["note"]
    assert "default" not in request["properties"]["note"]
    assert "required" not in schemas["LampParts"]
