"""A conversion whose worker is killed at any step is repeated, with one result"""

import hashlib
import io
import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread

import psutil
import pytest
from PIL import Image
from sqlalchemy import func, select, update

from tests import storages
from tests.kill.launcher import Fate, run_worker
from tests.media import sample_media
from tests.media.server_process import environment_of
from tests.servers import wait_until
from tiktok_api import clock
from tiktok_api.db import db, transaction
from tiktok_api.extensions import services_of
from tiktok_api.jobs import executor, queue, registry
from tiktok_api.jobs.models import Job
from tiktok_api.media.conversion.photos import CONVERT
from tiktok_api.media.services import INSPECT
from tiktok_api.settings import Settings
from tiktok_api.storage.port import Storage

PATIENCE_SECONDS = 60.0
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.kill.launcher"])

STEPS = [Fate("commit", number, when) for number in range(2, 9) for when in ("before", "after")]
SAMPLE = [STEPS[2], STEPS[3], STEPS[5], STEPS[9]]


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
            left = select(func.count()).select_from(Job).where(Job.kind.in_([CONVERT, INSPECT]))
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


@pytest.fixture
def scene(app, owner, database_url, tmp_path):
    return Scene(app, owner, database_url, tmp_path)


@pytest.fixture
def source(scene, make_media):
    return make_media(sample_media.photo("PNG"), name="a.png")


def ask(owner, source):
    return owner.post(f"/media/{source['id']}/convert", json={}).json


@pytest.mark.parametrize("fate", SAMPLE, ids=str)
def test_a_killed_worker_is_replaced(scene, owner, source, fate):
    made = ask(owner, source)

    with scene.worker(fate) as doomed:
        doomed.join(PATIENCE_SECONDS)
        assert doomed.exitcode == -signal.SIGKILL
    scene.finish()

    scene.must_have_made_one(source, made)


@pytest.mark.long
@pytest.mark.parametrize("fate", STEPS, ids=str)
def test_at_every_step_a_killed_worker_is_replaced(scene, owner, source, fate):
    test_a_killed_worker_is_replaced(scene, owner, source, fate)


def test_a_worker_killed_while_the_photo_is_being_made_is_replaced(scene, owner, make_media):
    large = io.BytesIO()
    Image.new("RGB", (8000, 6000), (9, 99, 9)).save(large, "PNG", compress_level=1)
    source = make_media(large.getvalue(), name="a.png")
    made = ask(owner, source)

    with scene.worker() as doomed:
        parent = psutil.Process(doomed.pid)
        wait_until(
            lambda: any(_opens_files(child) for child in parent.children()), seconds=PATIENCE_SECONDS, every=0.002
        )
        doomed.kill()
        doomed.join()
    assert owner.get(f"/media/{made['id']}").json["status"] == "inspecting"
    scene.finish()

    scene.must_have_made_one(source, made)


def _opens_files(process: psutil.Process) -> bool:
    try:
        return "tiktok_api.media.inspection.child" in process.cmdline()
    except psutil.Error:
        return False


def test_two_workers_at_the_same_conversion_leave_one_result(scene, app, owner, source):
    """As after a lease that ran out while its worker stood still."""
    before = scene.stored_keys
    made = ask(owner, source)
    with app.app_context():
        job_id = db.session.scalar(select(Job.id).where(Job.kind == CONVERT))
        [job] = executor.claim([job_id], timedelta(seconds=60))
    together = Barrier(2)

    def work():
        with app.app_context():
            together.wait()
            registry.find(CONVERT).act(
                job,
                storage=services_of(app)[Storage],
                settings=services_of(app)[Settings],
            )

    workers = [Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with app.app_context():
        executor.run(job)

    scene.finish()
    scene.must_have_made_one(source, made)
    assert len(scene.stored_keys - before) == 2  # it and its thumbnail
