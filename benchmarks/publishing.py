"""How many posts a minute a worker brings through the simulator: `python -m benchmarks.publishing [ACCOUNTS POSTS THREADS]`.

DATABASE_URL names an empty PostgreSQL database to use; without it a server is started for the while, which does not wait for
the disk. The simulator runs in this process and each worker in one of its own. Recurring work is put off, so that what is
counted is publishing alone.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from flask import Flask
from rich.console import Console
from sqlalchemy import Engine, create_engine, func, make_url, select, text, update

from benchmarks.processes import cpu_seconds
from benchmarks.serving import ROOT, settings_of
from tests import oauth_consent, servers
from tests.conftest import Person
from tests.due_jobs import run_due_jobs
from tests.servers import wait_until
from tiktok_api import clock
from tiktok_api.app import create_app
from tiktok_api.cli.sample_video import make_sample_video
from tiktok_api.cli.stack.settings import local_environment
from tiktok_api.db import Model, db, transaction
from tiktok_api.jobs import queue, registry
from tiktok_api.jobs.counters import WorkCount
from tiktok_api.jobs.heartbeats import WorkerHeartbeat
from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.models import Job
from tiktok_api.posts.models import PUBLISH, Post, Publication
from tiktok_api.posts.states import VISIBLE
from tiktok_api.simulator import Control, running

POSTS_OF_AN_ACCOUNT = 5
"""TikTok allows an account 6 a minute."""
_NEVER = datetime(2100, 1, 1, tzinfo=UTC)
_UNLIMITED = (
    "user_info",
    "video_list",
    "video_query",
    "creator_info",
    "video_init",
    "inbox_init",
    "photo_init",
    "status",
)
_LONGEST_SECONDS = 600.0
_JOBS = (
    select(func.sum(WorkCount.value))
    .where(WorkCount.name == "tiktok_api_jobs_total")
    .where(WorkCount.labels.contains(f'"kind": "{PUBLISH}"'))
)


@dataclass(frozen=True, slots=True)
class PublishingFigures:
    """What publishing `posts` took. CPU is of whole processes, in milliseconds for each post; `None`: not on this machine."""

    posts: int
    failed: int
    posts_a_minute: float
    """From when they came due until the last was published; of few posts most is the wait before TikTok is asked."""
    jobs_a_post: float
    transactions_a_post: float
    worker_cpu_ms: float
    postgresql_cpu_ms: float | None
    simulator_cpu_ms: float


def measure(
    database_url: str | None = None, *, accounts: int = 60, posts: int = 240, threads: int = 4, workers: int = 1
) -> PublishingFigures:
    """Publish `posts` that come due at once on `accounts`; each has room for `POSTS_OF_AN_ACCOUNT`."""
    if posts > accounts * POSTS_OF_AN_ACCOUNT:
        raise ValueError(f"{accounts} accounts publish no more than {accounts * POSTS_OF_AN_ACCOUNT} posts a minute")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = database_url or stack.enter_context(servers.postgresql())
        simulator = stack.enter_context(running(**_unlimited(accounts)))
        environment = _environment(url, simulator.url, folder, threads)
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        stack.callback(engine.dispose)
        _prepare(environment, simulator, folder, accounts, posts)
        return _Race(engine, environment, folder, posts).run(workers)


def _unlimited(accounts: int) -> dict[str, Any]:
    """The simulator's options: it has enough creators, and limits nothing that the product does not limit itself."""
    return {
        "allow_http": True,
        "extra_creators": accounts,
        "limits": dict.fromkeys(_UNLIMITED, 0),
        "post_cap": 1_000_000,
        "unaudited_user_cap": 1_000_000,
        "inspect_media": False,
        "keep_media": False,
        "processing_seconds": 1.0,
        "growth": False,
    }


def _environment(database_url: str, simulator_url: str, folder: Path, threads: int) -> dict[str, str]:
    local = local_environment(api_url="http://127.0.0.1:8080", simulator_url=simulator_url, instance=folder)
    return local | {
        "DATABASE_URL": database_url,
        "ALLOW_TEST_CLOCK": "false",  # it is read from the database whenever the time is asked for
        "RATE_LIMIT_ENABLED": "false",
        "CREATOR_POSTS_PER_DAY": "100000",
        "WORKER_THREADS": str(threads),
        "LOG_LEVEL": "ERROR",
    }


def _prepare(environment: dict[str, str], simulator: Any, folder: Path, accounts: int, posts: int) -> None:
    """Make the tables, a user with accounts and a video, and posts whose time has not come; nothing else comes due."""
    app = create_app(settings_of(environment))
    with app.app_context():
        Model.metadata.create_all(db.engine)
        owner = Person(app, "owner@example.com")
        media_id = _upload_video(app, owner, folder)
        account_ids = _connect_accounts(owner, simulator, accounts)
        for number in range(posts):
            _schedule_post(owner, number, media_id, account_ids[number % accounts])
        with transaction() as session:
            for task in registry.recurring():
                queue.enqueue_once(task.kind, due_at=_NEVER, unique_key=f"recurring:{task.kind}")
            session.execute(update(Job).where(Job.kind != PUBLISH).values(due_at=_NEVER))
        db.session.remove()
        db.engine.dispose()


def _upload_video(app: Flask, owner: Person, folder: Path) -> str:
    video = make_sample_video(folder / "video.mp4", seconds=2, fps=30, width=720, height=1280)
    with video.open("rb") as file:
        media_id = str(owner.post("/media", data={"file": (file, "video.mp4", "video/mp4")}).json["id"])
    with app.app_context(), transaction() as session:
        session.execute(update(Job).where(Job.lane != Lane.MEDIA).values(due_at=_NEVER))
    run_due_jobs(app)
    assert owner.get(f"/media/{media_id}").json["status"] == "ready"
    return media_id


def _connect_accounts(owner: Person, simulator: Any, accounts: int) -> list[str]:
    control: Control = simulator.control
    creators = [each["username"] for each in control.creators() if each["username"].startswith("creator")]
    found = [oauth_consent.connect(simulator, owner, creator) for creator in creators[:accounts]]
    assert all(each["status"] == "connected" for each in found), found
    return [str(each["account_id"]) for each in found]


def _schedule_post(owner: Person, number: int, media_id: str, account_id: str) -> None:
    post = {
        "caption": f"post {number}",
        "media_ids": [media_id],
        "privacy_level": "SELF_ONLY",
        "consent": True,
        "targets": [{"account_id": account_id}],
        "publish_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
    }
    answer = owner.post("/posts", json=post)
    assert answer.status_code == 201, answer.json


class _Race:
    """Posts that come due at once, and the workers that publish them."""

    def __init__(self, engine: Engine, environment: dict[str, str], folder: Path, posts: int) -> None:
        self._engine, self._environment, self._folder, self._posts = engine, environment, folder, posts

    def run(self, workers: int) -> PublishingFigures:
        """Start the workers, let the posts come due and wait until all are published."""
        postgresql = self._find_server()
        with self._workers(workers) as processes:
            wait_until(lambda: self._count(select(func.count(WorkerHeartbeat.id))) == workers, seconds=60)
            pids = [process.pid for process in processes]
            began, transactions = time.monotonic(), self._count_transactions()
            cpu = _cpu_seconds(pids, postgresql)
            self._make_due()
            published, seconds = self._watch(began)
            spent = [after - before for before, after in zip(cpu, _cpu_seconds(pids, postgresql), strict=True)]
        transactions = (
            self._count_transactions() - transactions
        )  # the workers have ended, and with that told all of theirs
        each = max(1, published)
        return PublishingFigures(
            posts=self._posts,
            failed=self._posts - published,
            posts_a_minute=published / seconds * 60,
            jobs_a_post=self._count(_JOBS) / each,
            transactions_a_post=transactions / each,
            worker_cpu_ms=spent[0] / each * 1000,
            postgresql_cpu_ms=None if postgresql is None else spent[1] / each * 1000,
            simulator_cpu_ms=spent[2] / each * 1000,
        )

    @contextmanager
    def _workers(self, count: int) -> Iterator[Sequence["subprocess.Popen[bytes]"]]:
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
        with (self._folder / "worker.log").open("wb") as log:
            processes = [
                subprocess.Popen(command, cwd=ROOT, env=os.environ | self._environment, stdout=log, stderr=log)
                for _ in range(count)
            ]
            try:
                yield processes
            finally:
                for process in processes:
                    process.terminate()
                for process in processes:
                    process.wait(60)

    def _make_due(self) -> None:
        now = clock.now()
        with self._engine.connect() as connection:
            connection.execute(update(Post).values(publish_at=now))
            connection.execute(update(Publication).values(next_try_at=now, wanted_at=now))
            connection.execute(update(Job).where(Job.kind == PUBLISH).values(due_at=now))

    def _watch(self, began: float) -> tuple[int, float]:
        """Returns how many were published, and how long it took."""
        query = select(func.count(Publication.id)).where(Publication.state.in_(VISIBLE))
        while True:
            time.sleep(0.25)
            published, seconds = self._count(query), time.monotonic() - began
            if published >= self._posts or seconds > _LONGEST_SECONDS:
                return published, seconds

    def _count(self, query: Any) -> int:
        with self._engine.connect() as connection:
            return int(connection.scalar(query) or 0)

    def _count_transactions(self) -> int:
        time.sleep(1.5)  # a server process tells what it has done once a second at most
        return self._count(
            text("select xact_commit + xact_rollback from pg_stat_database where datname = current_database()")
        )

    def _find_server(self) -> int | None:
        """The id of PostgreSQL's first process, if it is on this machine."""
        if make_url(self._environment["DATABASE_URL"]).host not in (None, "127.0.0.1", "localhost"):
            return None
        try:
            return int(psutil.Process(self._count(text("select pg_backend_pid()"))).ppid())
        except psutil.Error:
            return None


def _cpu_seconds(workers: Sequence[int], postgresql: int | None) -> tuple[float, float, float]:
    """CPU seconds of the workers, of PostgreSQL and of this process, which runs the simulator."""
    return cpu_seconds(workers), cpu_seconds([] if postgresql is None else [postgresql]), time.process_time()


def main(accounts: int = 60, posts: int = 240, threads: int = 4) -> None:
    """Print the figures of one run."""
    found = measure(os.environ.get("DATABASE_URL"), accounts=accounts, posts=posts, threads=threads)
    Console(highlight=False).print(found)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
