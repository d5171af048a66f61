"""Progress, cancelling, killed workers and bounds of films in the making"""

import io
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

import av
import psutil
import pytest
from PIL import Image
from sqlalchemy import select

from tests.due_jobs import run_due_jobs
from tests.media.conversion.workers import PATIENCE_SECONDS, Scene, opens_files
from tests.media.inspection.films import Picture, Sound, film
from tests.media.inspection.measured import film_and_measure
from tests.servers import wait_until
from tiktok_api.db import db
from tiktok_api.jobs.models import Job
from tiktok_api.media.conversion.films import FILM
from tiktok_api.media.inspection.sandbox import Rejection

MEBIBYTE = 1024 * 1024
LONG = Picture(codec="mpeg4", at=range(24 * 20), size=(1280, 720), gop=24)
"""Its conversion takes some seconds."""


def children_of(pid):
    return [child for child in psutil.Process(pid).children(recursive=True) if opens_files(child, "film")]


@pytest.fixture
def scene(app, owner, database_url, tmp_path):
    return Scene(app, owner, database_url, tmp_path)


def ask(owner, source, **wish):
    return owner.post(f"/media/{source['id']}/convert", json=wish).json


def is_over(app):
    with app.app_context():
        return db.session.scalar(select(Job.id).where(Job.kind == FILM)) is None


def test_progress_grows_until_the_film_is_made(scene, app, owner, make_media):
    made = ask(owner, make_media(film(LONG, Sound(seconds=20))))
    seen = []

    def look():
        seen.append(owner.get(f"/media/{made['id']}").json["progress"])
        return is_over(app)

    with scene.worker():
        wait_until(look, seconds=PATIENCE_SECONDS, every=0.3)
    scene.finish()

    told = [each for each in seen if each is not None]
    assert told == sorted(told)
    assert 0 < told[-1] <= 100
    result = owner.get(f"/media/{made['id']}").json
    assert (result["status"], result["progress"]) == ("ready", None)


def test_deleting_the_new_video_ends_its_making(scene, app, owner, make_media, stored):
    source = make_media(film(LONG))
    before = stored()
    made = ask(owner, source)

    with scene.worker() as worker:
        wait_until(lambda: children_of(worker.pid), seconds=PATIENCE_SECONDS)
        assert owner.delete(f"/media/{made['id']}").status_code == 204
        wait_until(lambda: not children_of(worker.pid), seconds=PATIENCE_SECONDS)
        wait_until(lambda: is_over(app), seconds=PATIENCE_SECONDS)

    assert [media["id"] for media in owner.get("/media").json["data"]] == [source["id"]]
    assert stored() == before
    assert owner.get("/media/usage").json["reserved_bytes"] == 0


def test_a_worker_killed_while_the_film_is_being_made_is_replaced(scene, owner, make_media):
    source = make_media(film(LONG))
    made = ask(owner, source)

    with scene.worker() as doomed:
        wait_until(lambda: children_of(doomed.pid), seconds=PATIENCE_SECONDS)
        children = children_of(doomed.pid)
        doomed.kill()
        doomed.join()
        wait_until(lambda: not any(map(opens_files, children)), seconds=PATIENCE_SECONDS)
    assert owner.get(f"/media/{made['id']}").json["status"] == "inspecting"
    scene.finish()
    with scene.worker():
        wait_until(lambda: owner.get(f"/media/{made['id']}").json["status"] == "ready", seconds=PATIENCE_SECONDS)

    scene.must_have_made_one(source, made)


def converted(person, media):
    made = person.post(f"/media/{media['id']}/convert", json={}).json
    run_due_jobs(person.app)
    return person.get(f"/media/{made['id']}").json


def test_what_takes_too_long_is_rejected_with_the_reason(person_with):
    person, media = person_with(film(LONG), film_max_seconds=1.0)

    left = converted(person, media)

    assert (left["status"], left["rejection"]["code"]) == ("rejected", "conversion_too_long")
    assert person.get("/media/usage").json["reserved_bytes"] == 0


def test_a_full_library_refuses_at_once(person_with):
    content = film(Picture())
    person, media = person_with(content, media_quota_bytes_per_user=len(content) + 1_000_000)

    response = person.post(f"/media/{media['id']}/convert", json={})

    assert (response.status_code, response.json["code"]) == (413, "media_quota_exceeded")
    assert len(person.get("/media").json["data"]) == 1


def noise(size=(640, 640), pictures=72):
    """A film that cannot be compressed."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=24)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = *size, "yuv420p", 60_000_000
        for _ in range(pictures):
            picture = Image.frombytes("L", size, os.urandom(size[0] * size[1])).convert("RGB")
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode())
    return buffer.getvalue()


def test_the_result_stays_within_what_was_reserved(person_with):
    person, media = person_with(noise())
    made = person.post(f"/media/{media['id']}/convert", json={}).json
    reserved = person.get("/media/usage").json["reserved_bytes"]

    run_due_jobs(person.app)

    left = person.get(f"/media/{made['id']}").json
    assert left["status"] == "ready", left["rejection"]
    assert 0 < left["size_bytes"] < reserved


def test_the_result_fits_into_the_largest_upload(person_with):
    largest = 5 * 1024 * 1024
    content = film(Picture(codec="mpeg4", at=range(24 * 20)))
    person, media = person_with(content, media_max_bytes=largest)

    left = converted(person, media)

    assert left["status"] == "ready", left["rejection"]
    assert left["size_bytes"] < largest


def test_memory_does_not_grow_with_the_length(tmp_path):
    def largest_of(seconds):
        path = tmp_path / f"{seconds}.mp4"
        path.write_bytes(film(Picture(at=range(24 * seconds)), Sound(seconds=seconds)))
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            outcome, largest = pool.submit(film_and_measure, path).result()
        assert not isinstance(outcome, Rejection)
        return largest

    short, long = largest_of(4), largest_of(80)

    assert long < 512 * MEBIBYTE
    assert long - short < 24 * MEBIBYTE
