"""Workers that die or stand still in the middle of an import: one resumes, one writes, and the file arrives whole"""

import hashlib
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.conftest import Person
from tests.due_jobs import run_due_jobs
from tests.media import sample_media
from tests.media.server_process import ROOT, environment_of
from tests.outbound.stub_servers import answering, serving, spell
from tests.servers import wait_until
from tiktok_api import clock_offset
from tiktok_api.db import db
from tiktok_api.jobs import executor
from tiktok_api.jobs.models import Job
from tiktok_api.outbound import Fetcher
from tiktok_api.settings import load

CONTENT = sample_media.video(pad_to_bytes=3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Slow:
    """A server that sends the first third, then a little at a time until it is let on; ranges come at once."""

    def __init__(self, etag='"v1"'):
        self.opened, self._etag = threading.Event(), etag
        self.first = True

    def __call__(self, request, connection):
        is_first, self.first = self.first, False
        if not is_first:
            serving(CONTENT, etag=self._etag)(request, connection)
            return
        tag = {"ETag": self._etag} if self._etag else {}
        connection.sendall(spell(body=CONTENT[:1_000_000], length=len(CONTENT), **tag))
        at = 1_000_000
        while at < 2_900_000 and not self.opened.wait(0.02):
            connection.sendall(CONTENT[at : at + 2000])
            at += 2000
        self.opened.wait(60)
        connection.sendall(CONTENT[at:])


@pytest.fixture(params=['"v1"', None], ids=["ranges", "no ranges"])
def slow(request):
    slow = Slow(request.param)
    yield slow
    slow.opened.set()


def start_worker(environment, log):
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi", "worker"],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


def test_the_next_worker_resumes_where_a_killed_one_stopped(
    slow, source, tmp_path, sqlite_template, monkeypatch, make_app
):
    url = f"sqlite:///{tmp_path / 'shared.sqlite3'}"
    shutil.copy(sqlite_template, tmp_path / "shared.sqlite3")
    more = {"LEASE_SECONDS": "1", "OUTBOUND_ALLOW_HTTP": "true", "OUTBOUND_NETWORKS": "127.0.0.1/32"}
    environment = environment_of(url, tmp_path, **more)
    for name, value in more.items():
        monkeypatch.setenv(name, value)
    policy = load(env_file=None)
    app = make_app(
        database_url=url,
        outbound_allow_http=policy.outbound_allow_http,
        outbound_networks=policy.outbound_networks,
    )
    owner, server, log = Person(app, "owner@example.com"), source(slow), tmp_path / "worker.log"
    media = owner.post("/media/import", json={"url": server.url()}).json

    workers = [start_worker(environment, log)]
    try:
        wait_until(lambda: owner.get(f"/media/uploads/{media['id']}").json["received_bytes"], seconds=60)
        workers[0].send_signal(signal.SIGKILL)
        workers[0].wait()
        received = owner.get(f"/media/uploads/{media['id']}").json["received_bytes"]
        workers.append(start_worker(environment, log))
        wait_until(
            lambda: owner.get(f"/media/{media['id']}").json["status"] in ("ready", "rejected"), seconds=60, every=0.1
        )
    finally:
        for worker in workers:
            with suppress(ProcessLookupError):
                worker.kill()
            worker.wait()

    shown = owner.get(f"/media/{media['id']}").json
    assert (shown["status"], shown["sha256"]) == ("ready", SHA256), log.read_text()[-2000:]
    expected = f"bytes={received}-" if slow._etag else None
    assert [request.headers.get("range") for request in server.requests] == [None, expected]


def test_a_worker_that_slept_beyond_its_lease_adds_nothing_when_it_wakes(app, owner, begin, slow, source):
    server = source(slow)
    media = begin(server.url())
    with app.app_context():
        [sleeper] = executor.claim(db.session.scalars(select(Job.id)).all(), timedelta(seconds=0.2))

    def sleep_and_wake():
        with app.app_context():
            executor.run(sleeper)

    thread = threading.Thread(target=sleep_and_wake)
    thread.start()
    wait_until(lambda: owner.get(f"/media/uploads/{media['id']}").json["received_bytes"])
    run_due_jobs(app)  # the successor finds the file locked, and comes again in a moment
    requests_while_locked = len(server.requests)
    slow.opened.set()
    thread.join(20)

    def has_ended():
        with app.app_context():
            clock_offset.advance(timedelta(seconds=5))
        run_due_jobs(app)
        return owner.get(f"/media/{media['id']}").json["status"] != "uploading"

    wait_until(has_ended)
    shown = owner.get(f"/media/{media['id']}").json
    assert requests_while_locked == 1
    assert len(server.requests) == 2
    assert (shown["status"], shown["sha256"]) == ("ready", SHA256)


@pytest.mark.postgres
def test_imports_are_the_same_on_postgresql(make_app, postgresql_url, fetcher, source):
    app = make_app(database_url=postgresql_url, replaced={Fetcher: fetcher})
    owner = Person(app, "owner@example.com")
    server = source(serving(CONTENT, cuts=(1_000_000,)))
    whole = owner.post("/media/import", json={"url": server.url()}).json
    refused = owner.post("/media/import", json={"url": source(answering(spell("404 No"))).url()}).json

    run_due_jobs(app)
    with app.app_context():
        clock_offset.advance(timedelta(minutes=1))
    run_due_jobs(app)

    shown = owner.get(f"/media/{whole['id']}").json
    assert (shown["status"], shown["sha256"]) == ("ready", SHA256)
    assert server.requests[1].headers["range"] == "bytes=1000000-"
    assert owner.get(f"/media/{refused['id']}").json["rejection"]["code"] == "import_refused"
