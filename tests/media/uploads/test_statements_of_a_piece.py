"""What the database is asked for each piece of a large file: hardly anything, since a file may have thousands of pieces."""

from collections import Counter

import pytest

from tests.conftest import Person
from tests.databases import on_each_database
from tests.db.statements import driver_statements
from tests.media.tus_client import begin
from tiktok_api.db import db


@pytest.fixture
def begun(make_app, each_database_url):
    app = make_app(database_url=each_database_url, allow_test_clock=False)
    upload = begin(Person(app, "owner@example.com"), 4000)
    upload.send(b"x" * 1000)
    with app.app_context():
        yield upload


@on_each_database
def test_a_piece_is_looked_up_twice_and_written_once(begun):
    with driver_statements(db.engine) as statements:
        response = begun.send(b"x" * 1000, offset=1000)

    asked = Counter(statements)
    assert response.status_code == 204
    assert asked["SELECT"] == 3  # its session, where it goes, and once more under the lock of the storage
    assert (asked["UPDATE"], asked["COMMIT"]) == (1, 1)
    assert set(asked) <= {"SELECT", "UPDATE", "COMMIT", "BEGIN", "ROLLBACK"}
