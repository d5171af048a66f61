"""The audit trail, as its user reads it."""

from typing import Any

from tests.conftest import Person


def trail(person: Person, query: str = "") -> list[dict[str, Any]]:
    """The entries, the newest first."""
    response = person.get(f"/audit{query}")
    assert response.status_code == 200, response.json
    return list(response.json["data"])


def actions(person: Person, query: str = "") -> list[str]:
    """What was done, the oldest first."""
    return [entry["action"] for entry in reversed(trail(person, query))]
