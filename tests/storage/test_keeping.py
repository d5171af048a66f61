"""Small things, ranges, deleting and sweeping."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tiktok_api.storage.choosing import storage_from_url
from tiktok_api.storage.errors import StorageError, StorageMissing


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


def test_reading_half_of_it_leaves_no_file_open(storage):
    key = put(storage, b"0123456789")
    before = len(list(Path("/proc/self/fd").iterdir()))

    reader = storage.read(key, 0, 9)
    del reader

    assert len(list(Path("/proc/self/fd").iterdir())) == before


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
def test_a_key_that_we_did_not_make_opens_nothing(storage, key):
    with pytest.raises(ValueError, match="not a storage key"):
        storage.size(key)


def test_a_link_that_somebody_planted_is_not_followed(storage, root, tmp_path):
    key = put(storage, b"x")
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    path = root / key[:2] / key[2:4] / key
    path.unlink()
    path.symlink_to(secret)

    with pytest.raises(OSError, match="symbolic"):
        storage.read(key, 0, 5)


def test_a_healthy_storage_says_nothing_and_keeps_nothing(storage):
    storage.check()

    assert list(storage.keys_before(datetime.now(UTC) + timedelta(hours=1))) == []


def test_a_storage_whose_folder_became_a_file_says_so(tmp_path):
    storage = storage_from_url((tmp_path / "media").as_uri())
    (tmp_path / "media").rmdir()
    (tmp_path / "media").write_bytes(b"")

    with pytest.raises(StorageError):
        storage.check()


@pytest.mark.parametrize("url", ["", "file://", "file:///", "file://host/folder", "ftp://host/folder", "/folder"])
def test_an_address_that_names_no_storage_is_refused(url):
    with pytest.raises(ValueError, match="STORAGE_URL"):
        storage_from_url(url)
