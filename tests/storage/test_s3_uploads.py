"""Uploads to S3 in parts and pieces, from any number of servers, with writers that die or wake up too late."""

import hashlib
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise

import pytest
from flask import current_app

from tests.databases import on_each_database
from tests.storage.fragile import Died, fragile
from tests.storage.waiting import appending_when_free
from tests.storages import on_s3
from tiktok_api.storage.errors import StorageBusy, StorageError, StorageMissing
from tiktok_api.storage.s3.appender import part_bytes

pytestmark = on_s3

MEBIBYTE = 1024 * 1024
CONTENT = random.Random(5).randbytes(11 * MEBIBYTE + 7)


@pytest.fixture
def key(storage):
    key = storage.new_key()
    storage.create(key)
    return key


def write(storage, key, content, *, first, behind):
    """One append, flushed."""
    with storage.append(key) as writer:
        writer.rewind(first)
        writer.write(content[first:behind])
        assert writer.flush() == behind


def must_hold(storage, key, content):
    storage.finalize(key, size=len(content))
    digest = hashlib.sha256()
    for piece in storage.read(key, 0, len(content) - 1):
        digest.update(piece)
    assert digest.digest() == hashlib.sha256(content).digest()


def leftovers(storage):
    """The names in the bucket that are no whole objects."""
    bucket = storage._bucket
    return [name for name, _ in bucket.list("pieces/")] + [name for name, *_ in bucket.list_begun("")]


@pytest.mark.parametrize("size", [0, 1, part_bytes(0) - 1, part_bytes(0), part_bytes(0) + 1, 2 * part_bytes(0)])
def test_any_size_comes_back_as_it_went_and_leaves_nothing_beside(storage, key, size):
    write(storage, key, CONTENT, first=0, behind=size)

    must_hold(storage, key, CONTENT[:size])
    assert leftovers(storage) == []


def test_many_small_appends_on_many_servers_make_one_file(open_storage):
    servers = [open_storage() for _ in range(3)]
    key = servers[0].new_key()
    servers[0].create(key)
    chance, at = random.Random(1), 0
    while at < len(CONTENT):
        behind = min(at + chance.choice([1, 65_536, MEBIBYTE, 3 * MEBIBYTE, 6 * MEBIBYTE]), len(CONTENT))
        write(chance.choice(servers), key, CONTENT, first=at, behind=behind)
        at = behind

    must_hold(servers[0], key, CONTENT)
    assert leftovers(servers[0]) == []


def test_a_writer_can_go_back_to_any_offset_that_was_ever_flushed(storage, key):
    offsets = [0, 100, MEBIBYTE, 6 * MEBIBYTE, 6 * MEBIBYTE + 1, 11 * MEBIBYTE]
    for first, behind in pairwise(offsets):
        write(storage, key, CONTENT, first=first, behind=behind)

    for offset in reversed(offsets):
        with storage.append(key) as writer:
            writer.rewind(offset)
        assert storage.size(key) == offset
        with storage.append(key) as writer, pytest.raises(StorageMissing):
            writer.rewind(offset + 50)

    other = CONTENT[::-1]
    write(storage, key, other, first=0, behind=6 * MEBIBYTE)
    must_hold(storage, key, other[: 6 * MEBIBYTE])


def test_what_was_taken_back_does_not_come_back(storage, key):
    with storage.append(key) as writer:
        writer.rewind(0)
        writer.write(CONTENT[:1000])
        writer.flush()
        writer.write(b"\0" * (7 * MEBIBYTE))
        writer.rewind(1000)
        writer.write(CONTENT[1000:])
        writer.flush()

    must_hold(storage, key, CONTENT)


def test_a_writer_that_dies_leaves_what_was_flushed(storage):
    """The writer dies before and after each request to S3, in turn."""
    moments = 0
    for moment in range(1, 100):
        for when in ("before", "after"):
            key = storage.new_key()
            storage.create(key)
            write(storage, key, CONTENT, first=0, behind=MEBIBYTE)
            dying, bucket, _ = fragile(storage)
            setattr(bucket, when, die_at(moment))
            flushed = MEBIBYTE
            try:
                with dying.append(key) as writer:
                    writer.rewind(flushed)
                    for behind in (4 * MEBIBYTE, 6 * MEBIBYTE, 11 * MEBIBYTE):
                        writer.write(CONTENT[flushed:behind])
                        flushed = writer.flush()
            except Died:
                moments += 1
                assert storage.size(key) >= flushed
                write(storage, key, CONTENT, first=flushed, behind=len(CONTENT))
                must_hold(storage, key, CONTENT)
            storage.delete(key)
        if bucket.count < moment:
            break

    assert moments >= 12
    assert leftovers(storage) == []


def die_at(moment):
    def look(n, name):
        if n == moment:
            raise Died(name)

    return look


@pytest.mark.parametrize("size", [3 * MEBIBYTE, len(CONTENT)])
def test_an_upload_whose_finalizing_worker_died_can_be_finalized_again(storage, size):
    moments = 0
    for moment in range(1, 100):
        for when in ("before", "after"):
            key = storage.new_key()
            storage.create(key)
            write(storage, key, CONTENT, first=0, behind=size)
            dying, bucket, _ = fragile(storage)
            setattr(bucket, when, die_at(moment))
            try:
                dying.finalize(key, size=size)
            except Died:
                moments += 1
                must_hold(storage, key, CONTENT[:size])
            storage.delete(key)
        if bucket.count < moment:
            break

    assert moments >= 8
    assert leftovers(storage) == []


def test_several_workers_may_finalize_at_once(open_storage):
    servers = [open_storage() for _ in range(4)]
    key = servers[0].new_key()
    servers[0].create(key)
    write(servers[0], key, CONTENT, first=0, behind=len(CONTENT))
    dying, _, states = fragile(servers[0])
    content = states.finalize(key, len(CONTENT))

    servers[1].finalize(key, size=len(CONTENT))
    dying._assemble(key, content)  # the first one sees the upload gone

    must_hold(servers[2], key, CONTENT)


def test_nothing_is_appended_to_a_finalized_upload(storage, key):
    write(storage, key, CONTENT, first=0, behind=10)
    storage.finalize(key, size=10)

    with pytest.raises(StorageMissing), storage.append(key):
        pass
    storage.finalize(key, size=10)
    with pytest.raises(StorageMissing):
        storage.finalize(key, size=11)


def test_a_writer_that_slept_beyond_its_lease_changes_nothing_any_more(open_storage):
    slow, quick = open_storage(lease_seconds=0.2), open_storage()
    key = quick.new_key()
    quick.create(key)
    with slow.append(key) as zombie:
        zombie.rewind(0)
        zombie.write(b"z" * MEBIBYTE)
        zombie.flush()
        zombie.write(b"z" * MEBIBYTE)
        with appending_when_free(quick, key) as writer:
            writer.rewind(0)
            writer.write(CONTENT[: 6 * MEBIBYTE])
            writer.flush()

            for act in (
                zombie.flush,
                zombie.renew_lock,
                lambda: zombie.rewind(0),
                lambda: zombie.write(b"z" * 12 * MEBIBYTE),
            ):
                with pytest.raises(StorageBusy):
                    act()
            writer.write(CONTENT[6 * MEBIBYTE :])
            writer.flush()

    must_hold(quick, key, CONTENT)
    assert leftovers(quick) == []


@pytest.mark.parametrize("name", ["begin_parts", "put_part", "put"])
@pytest.mark.parametrize("wakes", ["in time to disturb", "after the end"])
def test_a_request_of_a_zombie_that_reaches_s3_late_changes_nothing(open_storage, name, wakes):
    """The worst moment: the writer still held the lock when it checked, and its request is on the way when another takes over."""
    slow, quick = open_storage(lease_seconds=0.2), open_storage()
    key = quick.new_key()
    quick.create(key)
    dying, bucket, _ = fragile(slow)
    asleep, wake = threading.Event(), threading.Event()

    def sleep(n, asked):
        if asked == name:
            asleep.set()
            wake.wait(60)

    bucket.before = sleep
    ended = []
    app = current_app._get_current_object()

    def live_on():
        with app.app_context():
            try:
                with dying.append(key) as zombie:
                    zombie.rewind(0)
                    zombie.write(b"z" * (6 * MEBIBYTE))
                    zombie.flush()
            except StorageError as error:
                ended.append(error)

    thread = threading.Thread(target=live_on)
    thread.start()
    assert asleep.wait(60)
    with appending_when_free(quick, key) as writer:
        writer.rewind(0)
        writer.write(CONTENT[: 6 * MEBIBYTE])
        writer.flush()
    if wakes == "in time to disturb":
        wake.set()
        thread.join(60)
    write(quick, key, CONTENT, first=6 * MEBIBYTE, behind=len(CONTENT))
    if wakes == "in time to disturb":
        assert [type(error) for error in ended] == [StorageBusy]
    must_hold(quick, key, CONTENT)
    wake.set()
    thread.join(60)

    assert len(ended) == 1
    must_hold(quick, key, CONTENT)


@on_each_database
def test_of_many_simultaneous_writers_one_gets_the_lock(open_storage, environment, each_database_url):
    storage = open_storage(environment=environment | {"DATABASE_URL": each_database_url})
    key = storage.new_key()
    storage.create(key)
    app, all_have_asked = current_app._get_current_object(), threading.Barrier(8, timeout=60)

    def ask(_):
        with app.app_context(), ExitStack() as stack:
            try:
                stack.enter_context(storage.append(key))
            except StorageBusy:
                return "busy"
            finally:
                all_have_asked.wait()
            return "writes"

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(ask, range(8))) == ["busy"] * 7 + ["writes"]
