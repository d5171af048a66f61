"""Exports of a real server: memory, clients that leave, and failures in the middle."""

import shutil
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psutil
import pytest
import requests
from sqlalchemy import insert

from tests.analytics.conftest import an_account
from tests.media.live_server import Stage, staged
from tiktok_api.analytics import video_arrays
from tiktok_api.analytics.models import Video, VideoReading, VideoTotals
from tiktok_api.db import db, new_id, transaction

pytestmark = pytest.mark.xdist_group("exports")

START = datetime(2026, 1, 1, tzinfo=UTC)
MOST_GROWTH = 24 * 1024 * 1024
"""Bytes by which a server may grow while it sends an export, however long that is: batches, and the allocator's slack."""
BYTES_OF_A_POST = 160
"""Of a ranking: its four counters at both ends of the window, its number and its place."""


@pytest.fixture(scope="module")
def stage(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("exports")
    with staged(sqlite_template, folder, {"STORAGE_URL": (folder / "media").as_uri()}) as running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


def make_readings(stage: Stage, count: int, *, videos: int = 100) -> str:
    """An account with so many readings of its videos, written past the ledger's rules; returns its id."""
    account = an_account(UUID(stage.owner.user_id))
    with stage.app.app_context(), transaction() as session:
        session.add(account)
        session.flush()
        made = [
            Video(account_id=account.id, video_id=str(n), position=n, listed_at=START, seen_at=START, created_at=START)
            for n in range(videos)
        ]
        session.add_all(made)
        session.flush()
        for video in made:
            rows = [
                {
                    "id": new_id(),
                    "video_id": video.id,
                    "captured_at": START + timedelta(minutes=n),
                    "source": "video_list",
                    "views": n,
                    "likes": n,
                    "comments": 1,
                    "shares": 2,
                    "is_restated": False,
                    "created_at": START,
                }
                for n in range(count // videos)
            ]
            session.execute(insert(VideoReading), rows)
    return str(account.id)


def ask(stage: Stage, query: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {stage.owner.tokens['access_token']}"}
    return requests.get(f"{stage.server.url}/api/v1/analytics/export?{query}", headers=headers, stream=True, timeout=60)


class Watch:
    """The largest memory of a server's workers, looked at again and again while the block runs."""

    def __init__(self, stage: Stage) -> None:
        self._workers = [psutil.Process(pid) for pid in stage.server.worker_ids]
        self._over = threading.Event()
        self.before = self.most = self._look()

    def _look(self) -> int:
        return max(worker.memory_info().rss for worker in self._workers)

    def __enter__(self) -> "Watch":
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            self.most = max(self.most, self._look())

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def growth(self) -> int:
        return self.most - self.before


COUNTS = [200_000, pytest.param(1_000_000, marks=pytest.mark.long)]


@pytest.mark.parametrize("form", ["csv", "ndjson"])
@pytest.mark.parametrize("count", COUNTS)
def test_an_export_needs_the_memory_of_a_batch_however_long_it_is(stage, count, form):
    account_id = make_readings(stage, count)
    query = f"dataset=video_readings&account_id={account_id}&format={form}"
    for _ in ask(stage, f"{query}&to=2026-01-01").iter_content(65536):
        pass

    with Watch(stage) as watch:
        lines = sum(piece.count(b"\n") for piece in ask(stage, query).iter_content(65536))

    assert lines == count + (form == "csv")
    assert watch.growth < MOST_GROWTH, f"{watch.growth / 2**20:.1f} MiB"


def test_a_workbook_of_many_rows_needs_little_memory_and_leaves_no_file(stage, tmp_path):
    account_id = make_readings(stage, 20_000)

    with Watch(stage) as watch:
        response = ask(stage, f"dataset=video_readings&account_id={account_id}&format=xlsx")
        size = len(response.content)

    assert size == int(response.headers["Content-Length"])
    assert watch.growth < MOST_GROWTH, f"{watch.growth / 2**20:.1f} MiB"
    assert not open_exports(stage)


def open_exports(stage: Stage) -> list[str]:
    """The files of exports that the workers have open, named or not."""
    found = []
    for pid in stage.server.worker_ids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            try:
                target = str(link.readlink())
            except OSError:
                continue
            if "tiktok-api-export-" in target:
                found.append(target)
    return found


def test_a_client_that_leaves_holds_nothing(stage):
    account_id = make_readings(stage, 50_000)
    for form in ("csv", "xlsx"):
        response = ask(stage, f"dataset=video_readings&account_id={account_id}&format={form}")
        next(response.iter_content(1000))
        response.close()

    for _ in range(200):
        if transfers(stage) == 0 and not open_exports(stage):
            break
        time.sleep(0.05)

    assert transfers(stage) == 0
    assert not open_exports(stage)


def make_posts(stage: Stage, count: int) -> str:
    """An account with so many videos, counted twice; returns its id."""
    account = an_account(UUID(stage.owner.user_id))
    with stage.app.app_context(), transaction() as session:
        session.add(account)
        session.flush()
        usual = {"account_id": account.id, "listed_at": START, "posted_at": START, "seen_at": START, "views": 1}
        own = {"title": "A post", "likes": 1, "comments": 1, "shares": 1, "captured_at": START}
        for first in range(0, count, 5_000):
            rows = [
                {"id": new_id(), "video_id": str(n), "position": n, **usual, **own} for n in range(first, first + 5_000)
            ]
            session.execute(insert(Video), rows)
        for day in (1, 20):
            gains = video_arrays.pack(((n, n % 1_000 * day) for n in range(count)), count)
            arrays = {"views": gains, "likes": gains, "comments": gains, "shares": gains, "public": b"\1" * count}
            session.add(VideoTotals(account_id=account.id, captured_at=START + timedelta(days=day), **arrays))
    return str(account.id)


POSTS = [20_000, pytest.param(200_000, marks=pytest.mark.long)]


@pytest.mark.parametrize("count", POSTS)
def test_a_leaderboard_has_every_post_in_the_memory_of_its_numbers(stage, count):
    account_id = make_posts(stage, count)
    query = f"dataset=leaderboard&account_id={account_id}&from=2026-01-10&to=2026-01-30"
    for _ in ask(stage, f"{query}&to=2026-01-11").iter_content(65536):
        pass

    with Watch(stage) as watch:
        lines = sum(piece.count(b"\n") for piece in ask(stage, query).iter_content(65536))

    assert lines == count + 1
    assert watch.growth < MOST_GROWTH + count * BYTES_OF_A_POST


def transfers(stage: Stage) -> float:
    said = requests.get(f"{stage.server.url}/metrics", timeout=10).text
    return sum(float(line.rsplit(" ", 1)[1]) for line in said.splitlines() if line.startswith("tiktok_api_transfers "))


@contextmanager
def renamed_table(stage: Stage) -> Iterator[None]:
    """The database without a table that exports read."""
    file = stage.app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(file)) as database:
        database.execute("ALTER TABLE video_readings RENAME TO lost")
        yield
        database.execute("ALTER TABLE lost RENAME TO video_readings")


def test_a_failure_in_the_middle_breaks_the_body_so_that_no_part_passes_for_the_whole(stage):
    account_id = make_readings(stage, 100_000)
    response = ask(stage, f"dataset=video_readings&account_id={account_id}")
    pieces = response.iter_content(1000)
    received = next(pieces)

    with renamed_table(stage), pytest.raises(requests.exceptions.ChunkedEncodingError):  # noqa: PT012
        for piece in pieces:
            received += piece

    assert received.startswith(b"account_id,")
    assert received.count(b"\n") < 100_000


def test_a_slow_client_holds_no_transaction_open(stage):
    account_id = make_readings(stage, 100_000)
    token = stage.owner.tokens["access_token"]
    path = f"/api/v1/analytics/export?dataset=video_readings&account_id={account_id}"
    with socket.create_connection(("127.0.0.1", stage.server.port)) as slow:
        slow.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        slow.recv(1000)

        with stage.app.app_context():
            with (
                transaction() as session
            ):  # a reader that is still at an old snapshot would keep the log from being reset
                session.execute(db.text("UPDATE videos SET title = 'x' WHERE position = 0"))
            busy, _, _ = db.session.execute(db.text("PRAGMA wal_checkpoint(TRUNCATE)")).one()

    assert busy == 0
