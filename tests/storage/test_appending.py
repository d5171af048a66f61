"""Bytes are appended in order and count once they are flushed."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from tests.storage.waiting import appending_when_free
from tests.storages import on_each_storage
from tiktok_api.storage.errors import StorageBusy, StorageMissing

pytestmark = on_each_storage


def content(storage, key):
    size = storage.size(key)
    storage.finalize(key, size=size)
    return b"".join(storage.read(key, 0, size - 1))


@pytest.fixture
def key(storage):
    key = storage.new_key()
    storage.create(key)
    return key


def test_several_appends_read_as_one_content(storage, key):
    with storage.append(key) as writer:
        writer.write(b"one ")
        writer.write(memoryview(b"two "))
        assert writer.flush() == 8
    with storage.append(key) as writer:
        writer.rewind(8)
        writer.write(b"three")
        writer.flush()
    storage.finalize(key, size=13)

    assert content(storage, key) == b"one two three"


def test_the_next_writer_drops_what_was_not_flushed(storage, key):
    with storage.append(key) as writer:
        writer.write(b"flushed")
        writer.flush()
        writer.write(b" and lost")

    with storage.append(key) as writer:
        writer.rewind(7)
        writer.write(b" and kept")
        writer.flush()

    assert content(storage, key) == b"flushed and kept"


def test_a_writer_can_take_back_what_it_wrote(storage, key):
    with storage.append(key) as writer:
        writer.write(b"keep this")
        writer.flush()
        writer.write(b" not this")
        writer.rewind(9)
        writer.flush()

    assert content(storage, key) == b"keep this"


def test_a_second_writer_is_turned_away_until_the_first_lets_go(storage, key):
    with storage.append(key) as writer:
        writer.write(b"mine")
        with pytest.raises(StorageBusy), storage.append(key):
            pass
        writer.flush()

    with storage.append(key) as writer:
        writer.rewind(4)
        assert writer.flush() == 4


def test_a_writer_in_another_process_is_turned_away_and_a_killed_one_holds_nothing(storage, environment, key):
    script = textwrap.dedent(f"""
        import os, sys
        from tests.storage.standalone import opened
        with opened(os.environ, lease_seconds=2) as storage, storage.append({key!r}) as writer:
            writer.write(b"abc")
            print(writer.flush(), flush=True)
            sys.stdin.read()
    """)
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"3\n"
        with pytest.raises(StorageBusy), storage.append(key):
            pass
        os.kill(other.pid, signal.SIGKILL)
        other.wait()

        with appending_when_free(storage, key) as writer:
            writer.rewind(3)
            writer.write(b"def")
            writer.flush()

    assert content(storage, key) == b"abcdef"


def test_writing_on_behind_what_is_there_is_refused(storage, key):
    with storage.append(key) as writer, pytest.raises(StorageMissing):
        writer.rewind(1)


def test_writing_to_what_was_deleted_is_refused(storage, key):
    storage.delete(key)

    with pytest.raises(StorageMissing), storage.append(key):
        pass


def test_an_upload_with_missing_bytes_is_not_finalized(storage, key):
    with pytest.raises(StorageMissing):
        storage.finalize(key, size=1)
