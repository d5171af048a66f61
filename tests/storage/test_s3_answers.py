"""S3 that is away, overloaded or not S3 at all, and the cleanup of what zombies left there."""

import os
import subprocess
import sys
import textwrap
import threading
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.servers import free_port
from tests.storages import on_s3, s3
from tiktok_api.storage.errors import StorageFull, StorageMissing, StorageUnreachable
from tiktok_api.storage.s3.appender import part_bytes

MEBIBYTE = 1024 * 1024
KEY = "0123456789abcdef" * 2


@pytest.fixture
def elsewhere(database_url, open_storage):
    """A storage whose S3 is the test itself: `elsewhere(lambda request: Response(…))`."""
    with ExitStack() as stack:

        def make(handler):
            server = make_server("127.0.0.1", 0, Request.application(handler), threaded=True, request_handler=Silent)
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            stack.callback(server.server_close)
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            thread.start()
            return open_storage(environment=s3(f"http://127.0.0.1:{server.port}") | {"DATABASE_URL": database_url})

        yield make


class Silent(WSGIRequestHandler):
    def log(self, *said):
        """Nothing."""


def finalize(storage):
    key = storage.new_key()
    storage.create(key)
    with storage.append(key) as writer:
        writer.rewind(0)
        writer.write(b"x")
        writer.flush()
    storage.finalize(key, size=1)


def append_a_part(storage):
    key = storage.new_key()
    storage.create(key)
    with storage.append(key) as writer:
        writer.rewind(0)
        writer.write(b"x" * part_bytes(0))


ACTS = {
    "put": lambda storage: storage.put(KEY, b"x"),
    "size": lambda storage: storage.size(KEY),
    "read": lambda storage: list(storage.read(KEY, 0, 9)),
    "append": append_a_part,
    "finalize": finalize,
    "delete": lambda storage: storage.delete(KEY),
    "sweep": lambda storage: list(storage.keys_before(datetime.now(UTC))),
    "check": lambda storage: storage.check(),
}
PAGE = "<html><body>Please sign in to the hotel's network</body></html>"
NONSENSE = {
    "a page": Response(PAGE, 200, content_type="text/html"),
    "nothing": Response("", 200),
    "not found by another server": Response(PAGE, 404, content_type="text/html"),
    "broken": Response("oops", 500),
    "half a document": Response('<?xml version="1.0"?><ListBucketResult><Contents><Key>', 200),
    "no rights": Response("<Error><Code>AccessDenied</Code></Error>", 403, content_type="application/xml"),
    "no bucket": Response("<Error><Code>NoSuchBucket</Code></Error>", 404, content_type="application/xml"),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("answer", NONSENSE)
def test_what_is_not_an_answer_of_s3_says_nothing_about_what_is_stored(elsewhere, act, answer):
    storage = elsewhere(lambda request: NONSENSE[answer])
    if (act, answer) in HARMLESS:
        ACTS[act](storage)
        return

    with pytest.raises(StorageUnreachable):
        ACTS[act](storage)


HARMLESS = {("sweep", "nothing"), ("sweep", "a page")}
"""An empty list, at worst: nothing is deleted."""


@pytest.mark.parametrize("act", ACTS)
def test_a_closed_port_is_unreachable_and_not_missing(open_storage, database_url, act):
    storage = open_storage(environment=s3(f"http://127.0.0.1:{free_port()}") | {"DATABASE_URL": database_url})

    with pytest.raises(StorageUnreachable):
        ACTS[act](storage)


def test_no_room_on_the_other_side_is_no_room(elsewhere):
    full = "<Error><Code>XMinioStorageFull</Code></Error>"
    storage = elsewhere(lambda request: Response(full, 507, content_type="application/xml"))

    with pytest.raises(StorageFull):
        storage.put(KEY, b"x")


def test_an_answer_that_breaks_off_is_asked_for_again_from_there(elsewhere):
    content = os.urandom(3 * MEBIBYTE)
    asked = []

    def handler(request):
        first, last = map(int, request.headers["Range"].removeprefix("bytes=").split("-"))
        asked.append(first)
        behind = min(first + MEBIBYTE + 5, last + 1)  # every connection brings a little more than one piece

        def some():
            yield content[first:behind]

        headers = {"Content-Range": f"bytes {first}-{last}/{len(content)}", "Content-Length": str(last - first + 1)}
        return Response(some(), 206, headers=headers)

    storage = elsewhere(handler)

    assert b"".join(storage.read(KEY, 0, len(content) - 1)) == content
    assert len(asked) > 2


def test_an_answer_that_always_breaks_off_ends_with_an_error_and_not_with_less(elsewhere):
    def handler(request):
        return Response(iter([b""]), 206, headers={"Content-Range": "bytes 0-9/10", "Content-Length": "10"})

    storage = elsewhere(handler)

    with pytest.raises(StorageUnreachable):
        list(storage.read(KEY, 0, 9))


@on_s3
def test_a_copy_for_programs_goes_with_the_block_and_other_processes_can_read_it(storage, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    storage.put(KEY, b"content")

    with storage.local_copy(KEY) as path:
        child = subprocess.run(["cat", path], capture_output=True, check=True)
        assert path.stat().st_size == 7

    assert child.stdout == b"content"
    assert not path.exists()


@on_s3
def test_a_copy_that_does_not_fit_is_said_to_be_so(storage, environment):
    storage.put(KEY, os.urandom(2 * MEBIBYTE))
    script = textwrap.dedent(f"""
        import os, resource, signal
        from tests.storage.standalone import opened
        from tiktok_api.storage.errors import StorageFull
        with opened(os.environ) as storage:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
            try:
                with storage.local_copy({KEY!r}):
                    print("all of it")
            except StorageFull:
                print("full")
    """)

    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)

    assert answer.stdout.splitlines()[-1] == b"full"


@on_s3
def test_a_copy_of_nothing_is_missing(storage):
    with pytest.raises(StorageMissing), storage.local_copy(KEY):
        pass


@on_s3
def test_leftovers_of_ended_uploads_are_swept_and_unfinished_uploads_are_not(storage):
    alive, over = storage.new_key(), storage.new_key()
    storage.create(alive)
    with storage.append(alive) as writer:
        writer.write(b"x" * (part_bytes(0) + 1))
        writer.flush()
    bucket = storage._bucket
    bucket.put(f"pieces/{over}/late", b"z")
    bucket.begin_parts(f"contents/{over}")
    soon = datetime.now(UTC) + timedelta(hours=1)

    assert list(storage.keys_before(soon)) == [alive]

    assert [name for name, _ in bucket.list("pieces/")] != []
    assert [name for name, *_ in bucket.list_begun("")] == [f"contents/{alive}"]
    assert not list(bucket.list(f"pieces/{over}/"))
    storage.finalize(alive, size=part_bytes(0) + 1)


@on_s3
def test_a_deleted_upload_leaves_nothing(storage):
    key = storage.new_key()
    storage.create(key)
    with storage.append(key) as writer:
        writer.write(b"x" * (part_bytes(0) + 1))
        writer.flush()

        storage.delete(key)

        with pytest.raises(StorageMissing):
            writer.renew_lock()
    bucket = storage._bucket
    assert [*bucket.list(""), *bucket.list_begun("")] == []


def test_500_megabytes_and_much_more_fit_into_the_parts_s3_takes():
    assert sum(part_bytes(index) for index in range(100)) >= 500 * 1000 * 1000
    assert sum(part_bytes(index) for index in range(10_000)) > 256 * 1024 * MEBIBYTE
