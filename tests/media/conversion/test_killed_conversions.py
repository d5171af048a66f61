"""A conversion whose worker is killed at any step is repeated, with one result"""

import io
import signal
from datetime import timedelta
from threading import Barrier, Thread

import psutil
import pytest
from PIL import Image
from sqlalchemy import select

from tests.kill.launcher import Fate
from tests.media import sample_media
from tests.media.conversion.workers import PATIENCE_SECONDS, Scene, opens_files
from tests.servers import wait_until
from tiktok_api.db import db
from tiktok_api.extensions import services_of
from tiktok_api.jobs import executor, registry
from tiktok_api.jobs.models import Job
from tiktok_api.media.conversion.photos import CONVERT
from tiktok_api.settings import Settings
from tiktok_api.storage.port import Storage

STEPS = [Fate("commit", number, when) for number in range(2, 9) for when in ("before", "after")]
SAMPLE = [STEPS[2], STEPS[3], STEPS[5], STEPS[9]]


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
            lambda: any(opens_files(child) for child in parent.children()), seconds=PATIENCE_SECONDS, every=0.002
        )
        doomed.kill()
        doomed.join()
    assert owner.get(f"/media/{made['id']}").json["status"] == "inspecting"
    scene.finish()

    scene.must_have_made_one(source, made)


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
