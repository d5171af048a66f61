"""The operations that the document describes, one by one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

MISSING = "01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e"
FEWEST_OPERATIONS = 60
WHOLLY = {"/api/v1/posts/bulk": "?all_or_nothing=true"}
"""By path, the query with which a fault of one row is the answer; without it the answer tells of each row."""
METHODS = ("get", "put", "post", "delete", "options", "head", "patch")


@dataclass(frozen=True)
class Operation:
    """One method of one path, with what the path says for all its methods."""

    method: str
    path: str
    document: dict[str, Any]
    parameters: list[dict[str, Any]]

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def is_public(self) -> bool:
        return self.document["security"] == []


def operations_of(document: dict[str, Any]) -> list[Operation]:
    """Every operation, at least as many as this API has had; references to parameters and answers are followed."""
    found = list(_operations(document))
    assert len(found) > FEWEST_OPERATIONS
    return found


def some(things: Iterable[Any]) -> list[Any]:
    """All of them as a list. A rule that holds for nothing at all guards nothing, so it must be at least one."""
    found = list(things)
    assert found, "nothing to look at"
    return found


def _operations(document: dict[str, Any]) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                given = item.get("parameters", []) + item[method].get("parameters", [])
                parameters = [_follow(document, parameter) for parameter in given]
                answers = {
                    status: _follow(document, answer) | answer for status, answer in item[method]["responses"].items()
                }
                yield Operation(method, path, item[method] | {"responses": answers}, parameters)


def _follow(document: dict[str, Any], thing: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in thing:
        return thing
    found: Any = document
    for part in thing["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)
