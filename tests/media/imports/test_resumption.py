"""Imports from servers that cut, lie, dawdle or change their file: resumed where that is safe, otherwise started again"""

import hashlib
import threading
from datetime import timedelta

import pytest

from tests.conftest import Person
from tests.due_jobs import run_due_jobs
from tests.media import sample_media
from tests.media.small_disk import SmallDisk
from tests.outbound.stub_servers import answering, serving, spell
from tests.servers import wait_until
from tests.storages import on_each_storage
from tiktok_api import clock, clock_offset
from tiktok_api.db import transaction
from tiktok_api.extensions import services_of
from tiktok_api.jobs import queue
from tiktok_api.outbound import Fetcher
from tiktok_api.storage.local import LocalStorage
from tiktok_api.storage.port import Storage

CONTENT = sample_media.video(pad_to_bytes=600_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def stop():
    """Set when the test is over: servers that dawdle wait for it."""
    event = threading.Event()
    yield event
    event.set()


def asked(server):
    return [(request.headers.get("range"), request.headers.get("if-range")) for request in server.requests]


def must_be_whole(media):
    assert (media["status"], media["sha256"], media["size_bytes"]) == ("ready", SHA256, len(CONTENT))


@on_each_storage
def test_a_cut_import_is_resumed_if_the_server_supports_it(source, begin, finish):
    server = source(serving(CONTENT, cuts=(100_000, 0, 200_000)))

    media = finish(begin(server.url()))

    must_be_whole(media)
    assert asked(server) == [(None, None), *[(f"bytes={n}-", '"v1"') for n in (100_000, 100_000, 300_000)]]


@pytest.mark.parametrize("etag", [None, 'W/"v1"', "v1", '"v\\"1"x'])
@on_each_storage
def test_without_a_strong_validator_it_begins_again(source, begin, finish, etag):
    server = source(serving(CONTENT, etag=etag, cuts=(100_000,)))

    media = finish(begin(server.url()))

    must_be_whole(media)
    assert asked(server) == [(None, None)] * 2


OTHER = b"x" * 600_000
HALF = spell(body=OTHER[:300_000], length=len(CONTENT), ETag='"old"')


def part(first, last, size, *, etag='"old"', body=b""):
    return spell(
        "206 Partial Content",
        body or CONTENT[first : last + 1],
        ETag=etag,
        Content_Range=f"bytes {first}-{last}/{size}",
    )


@pytest.mark.parametrize(
    "answers",
    [
        [spell(body=CONTENT, ETag='"new"')],
        [part(300_000, 599_999, 600_000, etag='"new"'), spell(body=CONTENT)],
        [part(200_000, 599_999, 600_000), spell(body=CONTENT)],
        [part(300_000, 500_000, 600_000), spell(body=CONTENT)],
        [part(300_000, 699_999, 700_000, body=b"y" * 400_000), spell(body=CONTENT)],
        [spell("206 Partial Content", CONTENT[300_000:], ETag='"old"'), spell(body=CONTENT)],
        [
            spell("206 Partial Content", CONTENT[300_000:], ETag='"old"', Content_Range="lines 1-2/3"),
            spell(body=CONTENT),
        ],
        [spell("416 Range Not Satisfiable", Content_Range="bytes */5"), spell(body=CONTENT)],
    ],
)
@on_each_storage
def test_what_does_not_fit_to_what_is_here_replaces_it(source, begin, finish, answers):
    server = source(answering(HALF, *answers))

    media = finish(begin(server.url()))

    must_be_whole(media)
    assert asked(server)[1] == ("bytes=300000-", '"old"')
    assert asked(server)[2:] == [(None, None)] * (len(answers) - 1)


@on_each_storage
def test_a_server_that_recovers_is_asked_again_when_it_says(source, begin, run_jobs, wait, owner):
    server = source(
        answering(spell("503 Later", Retry_After="600"), spell("429 Slow", Retry_After="x"), spell(body=CONTENT))
    )
    media = begin(server.url())

    seen = [run_jobs() and len(server.requests)]
    for minutes in (9, 2, 1):
        wait(minutes=minutes)
        run_jobs()
        seen.append(len(server.requests))

    assert seen == [1, 1, 2, 3]
    must_be_whole(owner.get(f"/media/{media['id']}").json)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (spell("500 Oops"), "import_refused"),
        (spell("429 Slow"), "import_refused"),
        (b"", "import_interrupted"),
        (b"SSH-2.0\r\n", "import_interrupted"),
        (spell(body=b"half", length=8), "import_interrupted"),
    ],
)
@on_each_storage
def test_a_server_that_does_not_recover_is_given_up(imports, source, answer, code):
    server = source(answering(answer))

    media = imports.finish(imports.begin(server.url()))

    assert (media["status"], media["rejection"]["code"]) == ("rejected", code)
    assert server.connections == 4
    assert imports.stored() == set()


@on_each_storage
def test_a_server_that_is_not_there_is_given_up(begin, finish, source):
    server = source(answering(spell()))
    server.close()

    assert finish(begin(server.url()))["rejection"]["code"] == "import_unreachable"


@on_each_storage
def test_many_cuts_are_no_reason_to_give_up_while_there_is_progress(make_app, fetcher, source):
    content = sample_media.video(pad_to_bytes=12_000_000)
    server = source(serving(content, cuts=(1_500_000,) * 7))
    app = make_app(replaced={Fetcher: fetcher})
    owner = Person(app, "patient@example.com")
    media = owner.post("/media/import", json={"url": server.url()}).json

    for _ in range(9):
        run_due_jobs(app)
        with app.app_context():
            clock_offset.advance(timedelta(minutes=1))

    shown = owner.get(f"/media/{media['id']}").json
    assert (shown["status"], shown["sha256"]) == ("ready", hashlib.sha256(content).hexdigest())


class TestHasty:
    """With half a second of patience."""

    @pytest.fixture
    def app(self, make_app, fetcher):
        return make_app(replaced={Fetcher: fetcher}, upload_stall_seconds=0.5)

    def test_silence_is_a_cut(self, source, begin, finish, stop):
        serve = serving(CONTENT)

        def play(request, connection):
            if "range" in request.headers:
                serve(request, connection)
            else:
                connection.sendall(spell(body=CONTENT[:250_000], length=len(CONTENT), ETag='"v1"'))
                stop.wait(20)

        server = source(play)

        media = finish(begin(server.url()))

        must_be_whole(media)
        assert asked(server)[1:] == [("bytes=250000-", '"v1"')]

    @pytest.mark.parametrize("head", [b"", spell(body=b"he", length=9)])
    def test_a_server_that_is_silent_for_ever_is_given_up(self, source, imports, stop, head):
        def play(_request, connection):
            connection.sendall(head)
            stop.wait(20)

        assert imports.finish(imports.begin(source(play).url()))["rejection"]["code"] == "import_timeout"


@pytest.fixture
def disk(app, tmp_path):
    """A disk with room for nothing but a byte."""
    disk = services_of(app)[Storage] = SmallDisk(tmp_path / "media", 1)
    return disk


def test_a_full_disk_puts_it_off(source, begin, run_jobs, finish, disk):
    server = source(serving(CONTENT))
    media = begin(server.url())
    run_jobs()
    disk.capacity = 10**9

    must_be_whole(finish(media))

    assert asked(server) == [(None, None)] * 2


def test_an_import_is_resumed_after_a_disk_that_lied_about_its_room(source, begin, run_jobs, finish, disk):
    disk.is_honest, disk.capacity = False, 200_000
    server = source(serving(CONTENT))
    media = begin(server.url())
    run_jobs()
    disk.capacity = 10**9

    must_be_whole(finish(media))

    assert asked(server)[1][0] not in (None, "bytes=0-")


def test_an_import_that_never_gets_done_is_given_up_after_a_day(app, imports, source, disk):
    server = source(serving(CONTENT))  # and it never fits
    old = imports.begin(server.url())
    imports.wait(hours=20)
    young = imports.begin(server.url())
    imports.run_jobs()
    imports.wait(hours=5)

    with app.app_context(), transaction():
        queue.enqueue("media.sweep", owner_id=None, due_at=clock.now())
    imports.run_jobs()

    shown = [imports.owner.get(f"/media/{media['id']}").json for media in (old, young)]
    assert [media["status"] for media in shown] == ["rejected", "uploading"]
    assert shown[0]["rejection"]["code"] == "import_timeout"
    assert len(imports.stored()) == 1
    disk.capacity = 10**9
    imports.wait(hours=1)
    imports.run_jobs()
    assert imports.owner.get(f"/media/{old['id']}").json == shown[0]
    assert imports.owner.get(f"/media/{young['id']}").json["status"] == "ready"


class Gate:
    """A server that has sent the first part and waits to be let on."""

    FIRST = 300_000

    def __init__(self):
        self.reached, self.opened = threading.Event(), threading.Event()

    def __call__(self, request, connection):
        if "range" in request.headers:
            serving(CONTENT)(request, connection)
            return
        connection.sendall(spell(body=CONTENT[: self.FIRST], length=len(CONTENT), ETag='"v1"'))
        self.reached.set()
        for at in range(self.FIRST, len(CONTENT), 1000):  # in bits, so that the worker looks up now and then
            if not self.opened.wait(0.02 if at < self.FIRST + 100_000 else 20):
                connection.sendall(CONTENT[at : at + 1000])
                continue
            connection.sendall(CONTENT[at:])
            return


@pytest.fixture
def gate():
    gate = Gate()
    yield gate
    gate.opened.set()


@pytest.fixture
def in_background(run_jobs):
    threads = []

    def start(act=run_jobs):
        threads.append(threading.Thread(target=act))
        threads[-1].start()
        return threads[-1]

    yield start
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


@on_each_storage
def test_progress_shows_while_it_is_fetched(owner, source, begin, gate, in_background):
    media = begin(source(gate).url())
    in_background()

    def has_moved():
        found = owner.get(f"/media/uploads/{media['id']}").json
        return found if found["received_bytes"] else None

    progress = wait_until(has_moved)
    gate.opened.set()

    assert progress["status"] == "uploading"
    assert 0 < progress["received_bytes"] < progress["size_bytes"] == len(CONTENT)
    assert 0 < progress["percentage"] < 100
    assert progress["bytes_per_second"] > 0
    assert progress["eta_seconds"] > 0
    wait_until(lambda: owner.get(f"/media/{media['id']}").json["status"] == "ready")


@pytest.mark.parametrize("path", ["/media/{}", "/media/uploads/{}"])
@on_each_storage
def test_deleting_it_ends_the_fetching(imports, source, gate, in_background, path, app):
    media = imports.begin(source(gate).url())
    worker = in_background()
    assert gate.reached.wait(20)

    response = imports.owner.delete(path.format(media["id"]), headers={"Tus-Resumable": "1.0.0"})
    worker.join(20)

    assert response.status_code == 204
    assert imports.owner.get(f"/media/{media['id']}").status_code == 404
    assert not worker.is_alive()
    assert not gate.opened.is_set()
    assert imports.stored() == set()
    assert app.test_client().get("/readyz").json["checks"]["jobs"]["dead"] == 0


def test_one_that_is_deleted_at_its_beginning_leaves_nothing(app, imports, source, tmp_path):
    class Deleted(LocalStorage):
        def create(self, key):
            imports.owner.delete(f"/media/{media['id']}")
            super().create(key)

    services_of(app)[Storage] = Deleted(tmp_path / "media")
    server = source(serving(CONTENT))
    media = imports.begin(server.url())

    imports.run_jobs()

    assert (server.connections, imports.stored()) == (0, set())


@pytest.mark.parametrize("method", ["PATCH", "HEAD"])
@on_each_storage
def test_a_client_cannot_send_the_bytes_of_an_import(imports, source, gate, in_background, method):
    media = imports.begin(source(gate).url())
    in_background()
    assert gate.reached.wait(20)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}

    during = imports.owner.open(f"/media/uploads/{media['id']}", method=method, headers=headers, data=b"mine")
    gate.opened.set()
    shown = wait_until(lambda: (m := imports.owner.get(f"/media/{media['id']}").json)["status"] == "ready" and m)
    after = imports.owner.open(f"/media/uploads/{media['id']}", method=method, headers=headers)

    assert (during.status_code, after.status_code) == (409, 409)
    if method == "PATCH":
        assert during.json["code"] == "upload_is_import"
    must_be_whole(shown)
