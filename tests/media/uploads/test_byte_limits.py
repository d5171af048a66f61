"""The bytes of uploads have a quota of their own: so many mebibytes a minute, in pieces of any size."""

import pytest

from tests.conftest import Person
from tests.media.tus_client import TUS
from tests.web.problems import assert_problem

MEBIBYTE = 1024 * 1024


@pytest.fixture
def sender(make_app):
    """Sends pieces of an upload to a server that takes 3 MiB a minute, and two requests."""
    app = make_app(rate_limit_enabled=True, rate_limit_per_minute=2, upload_mebibytes_per_minute=3)
    person = Person(app, "owner@example.com")
    begun = person.post("/media/uploads", headers=TUS | {"Upload-Length": str(50 * MEBIBYTE)})
    assert begun.status_code == 201
    path = begun.headers["Location"].removeprefix("/api/v1")

    def send(size: int, offset: int):
        headers = TUS | {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        return person.patch(path, data=bytes(size), headers=headers)

    return send


def test_a_minute_has_room_for_so_many_mebibytes_however_they_are_cut(sender):
    answers = [sender(MEBIBYTE + 1, 0), sender(1, MEBIBYTE + 1)]

    refused = sender(1, MEBIBYTE + 2)

    assert [answer.status_code for answer in answers] == [204, 204]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["1", "0"]
    assert_problem(refused, 429, "rate_limit_exceeded")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60


def test_pieces_use_up_no_requests(sender):
    answers = [sender(0, 0) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [204, 204, 204]
    assert answers[0].headers["RateLimit-Limit"] == "3"
