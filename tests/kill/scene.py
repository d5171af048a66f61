"""A prepared database with one post that is due, copied for each case, and the processes that work on it."""

import hashlib
import itertools
import multiprocessing
import os
import shutil
import signal
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from flask import Flask
from sqlalchemy import Engine, NullPool, create_engine, make_url, select, text, update

from tests import oauth_consent
from tests.conftest import Person
from tests.due_jobs import run_due_jobs
from tests.kill.launcher import Fate, run_server, run_worker
from tests.media import sample_media
from tests.servers import free_port, wait_until
from tiktok_api import clock, clock_offset
from tiktok_api.app import create_app
from tiktok_api.db import Model, db, transaction
from tiktok_api.extensions import services_of
from tiktok_api.jobs import queue, registry
from tiktok_api.jobs.models import Job
from tiktok_api.posts.models import PUBLISH, Attempt, Post, Publication
from tiktok_api.posts.states import ALIVE, AttemptState, PublicationState
from tiktok_api.settings import load
from tiktok_api.tiktok import TikTokClient

LEASE_SECONDS = 1.0
NAMELESS = "nameless"
KINDS: dict[str, dict[str, Any]] = {
    "video": {},
    "photos": {"type": "photo"},
    "photos_to_the_inbox": {"type": "photo", "mode": "inbox", "privacy_level": None},
    "video_to_the_inbox": {"mode": "inbox", "privacy_level": None},
}
"""What is said of a post of each kind, beyond what is said of a video that goes live."""
PATIENCE_SECONDS = 60.0

# Workers are forked from a process that has imported everything already: each is a process of its own, 2 s sooner.
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.kill.launcher"])


def environment(simulator_url: str, folder: Path) -> dict[str, str]:
    """Settings for a worker in a hurry."""
    return {
        "SECRET_KEY": "a secret for tests, forty characters long",
        "TIKTOK_CLIENT_KEY": "awsimclient0001",
        "TIKTOK_CLIENT_SECRET": "sim-client-secret-0001",
        "TIKTOK_APP_TYPE": "desktop",
        "TIKTOK_ALLOW_HTTP": "true",
        "TIKTOK_API_URL": simulator_url,
        "TIKTOK_AUTHORIZE_URL": f"{simulator_url}/v2/auth/authorize/",
        "STORAGE_URL": f"file://{folder / 'media'}",
        "PUBLIC_URL": "http://127.0.0.1:8080",
        "LEASE_SECONDS": str(LEASE_SECONDS),
        "POLL_MIN_SECONDS": "0.05",
        "POLL_MAX_SECONDS": "1",
        "WORKER_THREADS": "2",
        "LOG_LEVEL": "ERROR",
    }


@contextmanager
def prepared_app(settings: Mapping[str, str], database_url: str) -> Iterator[Flask]:
    """An application on a database with every table; afterwards nothing holds the database open."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**settings, "DATABASE_URL": database_url}.items():
            patch.setenv(name, value)
        app = create_app(load(env_file=None))
    with app.app_context():
        Model.metadata.create_all(db.engine)
    yield app
    services_of(app)[TikTokClient].close()
    with app.app_context():
        db.engine.dispose()


@dataclass(eq=False)
class Stage:
    """A database in which one post is due, and copies of it."""

    simulator: Any
    folder: Path
    settings: Mapping[str, str]
    template_url: str
    contents: tuple[bytes, ...] = field(repr=False)
    draft: Mapping[str, Any]
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @classmethod
    def build(cls, simulator: Any, folder: Path, database_url: str, *contents: bytes, **draft: Any) -> "Stage":
        """Do by HTTP what leads to a post that is due; nothing else is. Names in capitals are settings."""
        settings = environment(simulator.url, folder) | {name: draft.pop(name) for name in [*draft] if name.isupper()}
        draft = {"type": "video", "mode": "direct", "privacy_level": "SELF_ONLY"} | draft
        with prepared_app(settings, database_url) as app:
            _make_due_post(app, simulator, contents, draft)
            with app.app_context():
                if "ALLOW_TEST_CLOCK" in settings:
                    clock_offset.advance(timedelta(0))  # the row is there, to be moved
            with app.app_context(), transaction() as session:
                for task in registry.recurring():
                    queue.enqueue_once(task.kind, due_at=clock.now(), unique_key=f"recurring:{task.kind}")
                later = datetime.fromisoformat("2100-01-01T00:00:00Z")
                session.execute(update(Job).where(Job.kind != PUBLISH).values(due_at=later))
        return cls(simulator, folder, settings, database_url, contents, draft)

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(b"".join(self.contents)).hexdigest()

    @property
    def video(self) -> bytes:
        return self.contents[0]

    @property
    def is_photos(self) -> bool:
        return bool(self.draft["type"] == "photo")

    @property
    def is_inbox(self) -> bool:
        return bool(self.draft["mode"] == "inbox")

    def new_case(self, name: str) -> "Case":
        """A fresh post in a database of its own; its words tell it apart at the simulator."""
        name = f"{name}, case {next(self.numbers)} of {self.folder.name}"
        case = Case(self, name, self._copy(name))
        with case.engine.begin() as connection:
            if self.is_photos:
                connection.execute(update(Post).values(title=name))
            elif not self.is_inbox:
                connection.execute(update(Post).values(caption=name))
        return case

    def _copy(self, name: str) -> str:
        key = hashlib.sha256(name.encode()).hexdigest()[:16]
        url = make_url(self.template_url)
        if url.get_backend_name() == "sqlite":
            shutil.copy(str(url.database), self.folder / f"{key}.sqlite3")
            return f"sqlite:///{self.folder / f'{key}.sqlite3'}"
        engine = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.execute(text(f'create database "case_{key}" template "{url.database}"'))
        return url.set(database=f"case_{key}").render_as_string(hide_password=False)


def _make_due_post(app: Any, simulator: Any, contents: Sequence[bytes], draft: Mapping[str, Any]) -> None:
    owner = Person(app, "owner@example.com")
    account_id = oauth_consent.connect(simulator, owner, "ada")["account_id"]
    media_ids = []
    for content in contents:
        body = sample_media.multipart(sample_media.part("file", content))
        media_ids.append(owner.post("/media", data=body, content_type=sample_media.MULTIPART).json["id"])
    run_due_jobs(app)
    rest = {"consent": True, "media_ids": media_ids, "targets": [{"account_id": account_id}]}
    post = owner.post("/posts", json={**draft, **rest}).json
    published = owner.post(f"/posts/{post['id']}/publish")
    assert published.status_code == 202, published.json


@dataclass(repr=False)
class Case:
    """One post on its way, in a database of its own."""

    stage: Stage
    name: str
    database_url: str
    processes: int = 0
    public_url: str = field(default_factory=lambda: f"http://127.0.0.1:{free_port()}")

    @cached_property
    def engine(self) -> Engine:
        return create_engine(self.database_url, poolclass=NullPool)

    @contextmanager
    def worker(self, fate: Fate | None = None) -> Iterator["Worker"]:
        """A worker; killed at the end if it still lives."""
        with self._process(run_worker, fate) as worker:
            yield worker

    @contextmanager
    def server(self, fate: Fate | None = None) -> Iterator["Worker"]:
        """The web server from which TikTok fetches photos; killed at the end if it still lives."""
        with self._process(run_server, fate) as server:
            wait_for(lambda: not server.process.is_alive() or _is_listening(self.public_url))
            yield server

    def serving(self) -> AbstractContextManager[Any]:
        """The web server where TikTok needs one."""
        return self.server() if self.stage.is_photos else nullcontext()

    @contextmanager
    def _process(self, body: Callable[..., None], fate: Fate | None) -> Iterator["Worker"]:
        self.processes += 1
        key = hashlib.sha256(f"{self.name}{self.processes}".encode()).hexdigest()[:16]
        trace = self.stage.folder / f"{key}.trace"
        settings = {**self.stage.settings, "DATABASE_URL": self.database_url, "PUBLIC_URL": self.public_url}
        process = _processes.Process(target=body, args=(settings, trace, fate), daemon=True)
        process.start()
        try:
            yield Worker(process, trace)
        finally:
            process.kill()
            process.join()

    def finish(self) -> None:
        """Have a worker, on which nothing befalls, bring it to its end."""
        with self.worker():
            wait_for(self.is_over)

    def __repr__(self) -> str:
        return self.name

    def is_over(self) -> bool:
        """Whether the publication has its verdict and nothing is left to do for it."""
        with self.engine.connect() as connection:
            left = select(Job.id).where(Job.kind == PUBLISH)
            if self.stage.is_inbox:  # it is followed: the person may post it
                left = left.where(Job.due_at < clock.now())
            return self.state(connection) is self.last_state and connection.scalar(left) is None

    @property
    def last_state(self) -> PublicationState:
        return PublicationState.INBOX_DELIVERED if self.stage.is_inbox else PublicationState.PUBLISHED

    def state(self, connection: Any) -> PublicationState:
        state: PublicationState = connection.scalar(select(Publication.state))
        return state

    def check_published_once(self) -> None:
        """Exactly one with the right bytes is live, or in the inbox, and books that agree with it."""
        theirs = [each for each in self.stage.simulator.control.publications() if self._is_ours(each)]
        live = [each for each in theirs if each["is_live"] or each["status"] == "SEND_TO_USER_INBOX"]
        assert [each["sha256"] for each in live] == [self.stage.sha256]
        assert len([each for each in theirs if each["received_at"]]) == 1, "two publish_ids received their last byte"
        with self.engine.connect() as connection:
            attempts = connection.execute(select(Attempt.state, Attempt.publish_id).order_by(Attempt.number)).all()
            assert self.state(connection) is self.last_state
        assert [each.publish_id for each in attempts if each.state is AttemptState.SUCCEEDED] == [live[0]["publish_id"]]
        assert not {each.state for each in attempts}.intersection(ALIVE)

    def _is_ours(self, theirs: dict[str, Any]) -> bool:
        return bool(theirs["post_info"].get("title", NAMELESS) == (self.name if self._has_words else NAMELESS))

    @property
    def _has_words(self) -> bool:
        """A video in the inbox has none: a TikTok of its own must be asked of it."""
        return self.stage.is_photos or not self.stage.is_inbox


@dataclass
class Worker:
    """A worker's process, and what it did."""

    process: ForkServerProcess
    trace: Path

    @property
    def steps(self) -> list[str]:
        """What it has begun and ended so far, in order."""
        return self.trace.read_text().splitlines() if self.trace.exists() else []

    def wait_until_killed(self, *, unless: Callable[[], bool] = lambda: False) -> None:
        """Until fate has struck; fails when it never does, and `unless` that has become true."""
        wait_for(lambda: not self.process.is_alive() or unless())
        if self.process.is_alive():
            return
        assert self.process.exitcode == -signal.SIGKILL, f"ended with {self.process.exitcode}: {self.steps[-3:]}"

    def wait_until_stopped(self) -> None:
        """Until it stands still."""
        process = psutil.Process(self.process.pid)
        wait_until(lambda: process.status() == psutil.STATUS_STOPPED, seconds=PATIENCE_SECONDS)

    def go_on(self) -> None:
        """Wake it up."""
        os.kill(self.process.pid or 0, signal.SIGCONT)

    def finish(self) -> None:
        """Have it end what it is doing, and take nothing new."""
        self.process.terminate()
        self.process.join(PATIENCE_SECONDS)
        assert self.process.exitcode == 0, f"ended with {self.process.exitcode}: {self.steps[-3:]}"


def _is_listening(url: str) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", urlsplit(url).port or 0)) == 0


def count_steps(steps: list[str]) -> dict[str, int]:
    """How many commits and calls there were."""
    return {kind: sum(step.startswith(kind) and " after" in step for step in steps) for kind in ("commit", "call")}


def wait_for(condition: Callable[[], Any]) -> Any:
    """As `wait_until`, with the patience of this folder."""
    return wait_until(condition, seconds=PATIENCE_SECONDS)
