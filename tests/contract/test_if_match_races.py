"""Of many requests that hold the same version, one succeeds: on every operation that takes If-Match."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from tests.contract.operations import Operation, some
from tests.contract.whole_day import recurrence_with
from tests.databases import on_each_database

AT_ONCE = 8

BODIES: dict[str, Callable[[int], dict[str, Any]]] = {
    "PATCH /api/v1/auth/me": lambda number: {"display_name": f"Ada {number}"},
    "PATCH /api/v1/accounts/{account_id}": lambda number: {"label": f"label {number}"},
    "PATCH /api/v1/media/{media_id}": lambda number: {"name": f"{number}.mp4"},
    "PATCH /api/v1/posts/{post_id}": lambda number: {"caption": f"caption {number}"},
    "PATCH /api/v1/recurrences/{recurrence_id}": lambda number: {"exceptions": [f"2027-01-0{number + 1}"]},
    "PATCH /api/v1/analytics/report-schedules/{schedule_id}": lambda number: {
        "timezone": (
            "UTC",
            "Europe/Berlin",
            "Europe/Paris",
            "Asia/Tokyo",
            "Asia/Seoul",
            "Asia/Kolkata",
            "Africa/Cairo",
            "Africa/Lagos",
        )[number]
    },
    "PUT /api/v1/accounts/{account_id}/queue-slots": lambda number: {
        "timezone": "UTC",
        "slots": [{"weekday": "monday", "time": f"09:0{number}"}],
    },
}
"""Changes that differ from each other; an operation that is not here needs no body."""


@pytest.fixture
def app(make_app: Any, simulator_urls: dict[str, str], each_database_url: str) -> Any:
    return make_app(**simulator_urls, database_url=each_database_url)


def _takers(operations: list[Operation]) -> list[Operation]:
    """The operations that take If-Match, those that delete last, and of these the owner."""
    takers = [each for each in operations if any(known["name"] == "If-Match" for known in each.parameters)]
    order = {"/api/v1/posts/{post_id}": 0, "/api/v1/recurrences/{recurrence_id}": 0, "/api/v1/auth/me": 2}
    order |= {"/api/v1/analytics/reports/{report_id}": 0, "/api/v1/analytics/report-schedules/{schedule_id}": 0}
    return some(sorted(takers, key=lambda each: (each.method == "delete", order.get(each.path, 1))))


def _race(owner: Any, operation: Operation, path: str, version: str) -> list[int]:
    """The status codes of simultaneous requests with that version."""
    barrier = Barrier(AT_ONCE)
    change = BODIES.get(str(operation))

    def send(number: int) -> int:
        person = owner.elsewhere()
        barrier.wait(30)
        body = {"json": change(number)} if change else {}
        return int(
            person.open(path, method=operation.method.upper(), headers={"If-Match": version}, **body).status_code
        )

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(send, range(AT_ONCE)))


@on_each_database
def test_of_many_requests_with_the_same_version_one_succeeds(owner, operations, make_post):
    post = make_post()
    ids = {"post_id": post["id"], "account_id": post["targets"][0]["account_id"], "media_id": post["media_ids"][0]}
    recurrence = owner.post("/recurrences", json=recurrence_with(ids["account_id"], ids["media_id"]))
    assert recurrence.status_code == 201, recurrence.json
    ids["recurrence_id"] = recurrence.json["id"]
    about = {"account_id": ids["account_id"]}
    ids["report_id"] = owner.post("/analytics/reports", json=about | {"month": "2026-01"}).json["id"]
    schedule = owner.post(
        "/analytics/report-schedules", json=about | {"deliver": {"mail": True}, "timezone": "Asia/Dubai"}
    )
    ids["schedule_id"] = schedule.json["id"]
    takers = _takers(operations)
    wrong = []
    for operation in takers:
        path = re.sub(r"{(\w+)}", lambda found: ids[found[1]], operation.path).removeprefix("/api/v1")
        version = owner.get(path).headers["ETag"]

        codes = _race(owner, operation, path, version)

        too_late = {412} if operation.method in ("patch", "put") else {401, 404, 412}
        successes = [code for code in codes if code < 300]
        if len(successes) != 1 or not set(codes) - set(successes) <= too_late:
            wrong.append((str(operation), sorted(codes)))

    assert {str(operation) for operation in takers} >= set(BODIES)
    # One PUT, and reports, which can be deleted but not changed.
    assert len(takers) == 2 * len([name for name in BODIES if name.startswith("PATCH")]) + 2
    assert wrong == []
