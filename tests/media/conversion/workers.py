"""An application whose conversions are done by workers in processes of their own, which may be killed."""

import hashlib
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import func, select, update

from tests import storages
from tests.kill.launcher import Fate, run_worker
from tests.media.server_process import environment_of
from tests.servers import wait_until
from tiktok_api import clock
from tiktok_api.db import db, transaction
from tiktok_api.jobs import queue, registry
from tiktok_api.jobs.models import Job
from tiktok_api.media.conversion.films import FILM
from tiktok_api.media.conversion.photos import CONVERT
from tiktok_api.media.services import INSPECT

PATIENCE_SECONDS = 60.0
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.kill.launcher"])


class Scene:
    """An application on a database that workers in processes of their own share, and a photo to be converted."""

    def __init__(self, app, owner, database_url, folder: Path) -> None:
        self.app, self.owner, self.folder = app, owner, folder
        self.environment = environment_of(database_url, folder, LEASE_SECONDS="1", WORKER_THREADS="2")
        with app.app_context(), transaction() as session:  # recurring work would make the steps uncountable
            for task in registry.recurring():
                queue.enqueue_once(task.kind, due_at=clock.now(), unique_key=f"recurring:{task.kind}")
            session.execute(update(Job).values(due_at=datetime.fromisoformat("2100-01-01T00:00:00Z")))

    @contextmanager
    def worker(self, fate: Fate | None = None) -> Iterator[multiprocessing.Process]:
        process = _processes.Process(target=run_worker, args=(self.environment, self.folder / "trace", fate))
        process.start()
        try:
            yield process
        finally:
            process.kill()
            process.join()

    def finish(self) -> None:
        """Have a worker, on which nothing befalls, do what is left."""
        with self.worker():
            wait_until(self._is_over, seconds=PATIENCE_SECONDS)

    def _is_over(self) -> bool:
        with self.app.app_context():
            left = select(func.count()).select_from(Job).where(Job.kind.in_([CONVERT, FILM, INSPECT]))
            return db.session.scalar(left) == 0

    def must_have_made_one(self, source, made) -> None:
        library = self.owner.get("/media").json["data"]
        assert {media["id"] for media in library} == {source["id"], made["id"]}
        result = self.owner.get(f"/media/{made['id']}").json
        assert (result["status"], result["source_id"]) == ("ready", source["id"])
        content = self.owner.get(f"/media/{made['id']}/content").data
        assert hashlib.sha256(content).hexdigest() == result["sha256"]

    @property
    def stored_keys(self) -> set[str]:
        return storages.keys_in(self.app)


def opens_files(process: Any, verb: str = "") -> bool:
    """True if this is a child that opens files, to do that with them."""
    try:
        command = process.cmdline()
    except psutil.Error:
        return False
    return "tiktok_api.media.inspection.child" in command and (not verb or verb in command)
