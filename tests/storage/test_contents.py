"""Small contents, ranges, deletion and the cleanup."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from tests.storages import on_each_storage
from tiktok_api.storage.errors import StorageMissing

pytestmark = on_each_storage


def put(storage, content):
    key = storage.new_key()
    storage.put(key, content)
    return key


@pytest.mark.parametrize(
    ("first", "last", "expected"), [(0, 9, b"0123456789"), (3, 5, b"345"), (9, 9, b"9"), (8, 100, b"89"), (10, 12, b"")]
)
def test_a_range_is_read_with_both_ends_included(storage, first, last, expected):
    key = put(storage, b"0123456789")

    assert b"".join(storage.read(key, first, last)) == expected


def test_reading_happens_in_pieces_that_fit_in_memory(storage):
    key = put(storage, os.urandom(3 * 1024 * 1024))

    pieces = list(storage.read(key, 0, storage.size(key) - 1))

    assert max(map(len, pieces)) == 1024 * 1024


def test_what_is_deleted_while_being_read_is_still_read_to_its_end(storage):
    key = put(storage, b"0123456789")
    reader = storage.read(key, 0, 9)

    storage.delete(key)

    assert b"".join(reader) == b"0123456789"
    with pytest.raises(StorageMissing):
        storage.read(key, 0, 9)


def test_deleting_twice_is_fine_and_leaves_nothing(storage):
    key = put(storage, b"x")

    storage.delete(key)
    storage.delete(key)

    with pytest.raises(StorageMissing):
        storage.size(key)


def test_a_program_that_needs_a_file_gets_one(storage):
    key = put(storage, b"content")

    with storage.local_copy(key) as path:
        assert path.read_bytes() == b"content"


def test_only_what_is_old_enough_is_swept(storage):
    key = put(storage, b"x")
    now = datetime.now(UTC)

    assert list(storage.keys_before(now - timedelta(hours=1))) == []
    assert list(storage.keys_before(now + timedelta(hours=1))) == [key]


@pytest.mark.parametrize("key", ["../../etc/passwd", "", "a", "A" * 32, "0" * 31 + "/", "0" * 32 + "\n"])
def test_a_foreign_key_opens_nothing(storage, key):
    with pytest.raises(ValueError, match="not a storage key"):
        storage.size(key)


def test_a_healthy_storage_says_nothing_and_keeps_nothing(storage):
    storage.check()

    assert list(storage.keys_before(datetime.now(UTC) + timedelta(hours=1))) == []
