"""Servers that are slow on purpose hold no place for long, and what one import may cost is bounded."""

import re
import threading

import pytest

from tests.conftest import Person
from tests.databases import on_each_database
from tests.media import sample_media
from tests.outbound.stub_servers import serving, spell
from tests.servers import wait_until
from tiktok_api.db import db
from tiktok_api.jobs.runner import Runner
from tiktok_api.outbound import Fetcher

CONTENT = sample_media.video(pad_to_bytes=3_000_000)
QUICK = sample_media.video(pad_to_bytes=400_000)


@pytest.fixture
def stop():
    """Set when the test is over."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def dripping(stop):
    """A server of the content that sends so many bytes each 20 ms; with an `etag` it resumes."""

    def make(size, *, etag='"v1"'):
        def play(request, connection):
            asked = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", ""))
            first = int(asked[1]) if asked and etag else 0
            about = {"ETag": etag} if etag else {}
            if first:
                about["Content-Range"] = f"bytes {first}-{len(CONTENT) - 1}/{len(CONTENT)}"
            status = "206 Partial Content" if first else "200 OK"
            connection.sendall(spell(status, length=len(CONTENT) - first, **about))
            for at in range(first, len(CONTENT), size):
                if stop.wait(0.02):
                    return
                connection.sendall(CONTENT[at : at + size])

        return play

    return make


@pytest.fixture
def app(make_app, fetcher, each_database_url):
    return make_app(
        replaced={Fetcher: fetcher},
        database_url=each_database_url,
        upload_stall_seconds=1,
        import_turn_seconds=1,
        media_max_bytes=4_000_000,
    )


@pytest.fixture
def worker(app, base_settings):
    """A worker with two places for imports."""
    runner = Runner(app, base_settings.replace(worker_threads=2, worker_media_threads=1))
    thread = threading.Thread(target=runner.run_forever)
    thread.start()
    yield runner
    runner.stop()
    thread.join(60)
    assert not thread.is_alive()


def begin(person, url):
    return person.post("/media/import", json={"url": url}).json["id"]


def shown(person, media_id):
    return person.get(f"/media/{media_id}").json


@on_each_database
def test_a_slow_server_gives_its_place_to_an_import_that_waits_and_resumes(app, source, dripping, stop, worker):
    people = [Person(app, f"{name}@example.com") for name in ("slow", "slower", "quick")]
    servers = [source(dripping(2000)), source(dripping(2000))]
    slow = [begin(person, server.url()) for person, server in zip(people, servers, strict=False)]
    wait_until(lambda: servers[0].requests and servers[1].requests)

    quick = begin(people[2], source(serving(QUICK)).url())

    wait_until(lambda: shown(people[2], quick)["status"] == "ready", seconds=60)
    wait_until(lambda: servers[0].requests[1:] or servers[1].requests[1:], seconds=60)
    again = [request for server in servers for request in server.requests[1:]]
    assert {shown(person, media)["status"] for person, media in zip(people, slow, strict=False)} == {"uploading"}
    assert all(re.fullmatch(r"bytes=[1-9]\d+-", request.headers["range"]) for request in again)
    stop.set()


def test_no_transaction_is_open_while_a_slow_server_is_waited_for(app, owner, finish, source, stop):
    with app.app_context():
        pool = db.engine.pool
    open_connections = []

    def in_portions(_request, connection):
        connection.sendall(spell(length=len(QUICK)))
        for at in range(0, len(QUICK), 80_000):
            open_connections.append(pool.checkedout())
            connection.sendall(QUICK[at : at + 80_000])
            if stop.wait(0.6):  # after two of these a turn is over
                return

    media = finish(shown(owner, begin(owner, source(in_portions).url())))

    assert media["status"] == "ready"
    assert open_connections[2:] == [0, 0, 0]


@pytest.mark.parametrize("etag", ['"v1"', None])
@on_each_database
def test_a_server_that_is_too_slow_on_average_is_given_up(owner, finish, source, dripping, etag):
    server = source(dripping(200, etag=etag))

    media = finish(shown(owner, begin(owner, server.url())))

    assert media["rejection"]["code"] == "import_timeout"
    assert len(server.requests) == 1


def test_a_server_that_begins_again_each_time_is_given_up(owner, finish, source):
    def cut(_request, connection):
        connection.sendall(spell(body=CONTENT[:1_500_000], length=len(CONTENT), ETag='"v1"'))

    server = source(cut)

    media = finish(shown(owner, begin(owner, server.url())))

    assert media["rejection"]["code"] == "import_interrupted"
    assert len(server.requests) == 4


def test_what_an_import_reads_in_all_is_bounded_however_fast_it_is(owner, finish, source):
    steps = iter(range(1, 1000))

    def a_little_further(_request, connection):
        end = min(1_100_000 * next(steps), len(CONTENT) - 1)
        connection.sendall(spell(body=CONTENT[:end], length=len(CONTENT), ETag='"v1"'))

    server = source(a_little_further)

    media = finish(shown(owner, begin(owner, server.url())))

    assert media["rejection"]["code"] == "import_interrupted"
    assert len(server.requests) <= 6


def test_heads_that_trickle_share_one_time_over_all_redirects(owner, finish, source, stop):
    def trickle(request, connection):
        for byte in spell("302 Found", Location=f"{request.target}x"):
            if stop.wait(0.03):
                return
            connection.sendall(bytes([byte]))

    server = source(trickle)

    media = finish(shown(owner, begin(owner, server.url("/a"))))

    assert media["rejection"]["code"] == "import_timeout"
    assert len(server.requests) <= 4 * 2


@pytest.mark.long
def test_slow_progress_makes_up_for_no_failure(owner, finish, source, stop):
    def slowly_and_cut(request, connection):
        first = int(request.headers.get("range", "bytes=0-")[6:-1])
        about = {"Content-Range": f"bytes {first}-{len(CONTENT) - 1}/{len(CONTENT)}"} if first else {}
        status = "206 Partial Content" if first else "200 OK"
        connection.sendall(spell(status, length=len(CONTENT) - first, ETag='"v1"', **about))
        for at in range(first, min(first + 700_000, len(CONTENT) - 1), 3500):
            if stop.wait(0.02):
                return
            connection.sendall(CONTENT[at : at + 3500])

    server = source(slowly_and_cut)

    media = finish(shown(owner, begin(owner, server.url())))

    assert media["rejection"]["code"] == "import_interrupted"
    assert len(server.requests) == 4
