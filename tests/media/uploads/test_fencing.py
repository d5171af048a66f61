"""Two writers of one upload on S3, the first of which slept beyond its lease at the worst moment"""

import io
import threading
from contextlib import contextmanager

import pytest

from tests.conftest import Person
from tests.due_jobs import run_due_jobs
from tests.media import sample_media
from tests.media.tus_client import begin
from tests.servers import wait_until
from tests.storages import on_s3
from tiktok_api.extensions import services_of
from tiktok_api.storage.port import Storage
from tiktok_api.storage.s3.storage import S3Storage

CONTENT = sample_media.video()
HALF = len(CONTENT) // 2


class SleepyStorage(S3Storage):
    """Its writer falls asleep between making bytes durable and acknowledging them."""

    def __init__(self, inner):
        self.__dict__.update(inner.__dict__)
        self.asleep, self.wake = threading.Event(), threading.Event()

    @contextmanager
    def append(self, key):
        with super().append(key) as end:
            flush = end.flush

            def flush_and_sleep():
                offset = flush()
                self.asleep.set()
                self.wake.wait(30)
                return offset

            end.flush = flush_and_sleep
            yield end


class Halting(io.BytesIO):
    """A body whose first read waits until the test lets it continue."""

    def __init__(self, content):
        super().__init__(content)
        self.is_awaited, self.go_on = threading.Event(), threading.Event()

    def read(self, size=-1):
        self.is_awaited.set()
        self.go_on.wait(30)
        return super().read(size)

    read1 = read


@pytest.fixture
def app(make_app):
    return make_app(upload_lease_seconds=0.5)


@on_s3
def test_what_a_sleeper_had_flushed_is_not_acknowledged_once_another_has_begun(app):
    upload = begin(Person(app, "owner@example.com"), len(CONTENT))
    awake = services_of(app)[Storage]
    sleepy = services_of(app)[Storage] = SleepyStorage(awake)
    answers = {}
    first = threading.Thread(target=lambda: answers.update(first=upload.send(b"z" * (HALF + 10))))
    first.start()
    assert sleepy.asleep.wait(30)
    services_of(app)[Storage] = awake
    body = Halting(CONTENT[:HALF])

    def send():
        answers["second"] = wait_until(lambda: refused_or(upload.send(input_stream=body, content_length=HALF)))

    second = threading.Thread(target=send)
    second.start()
    assert body.is_awaited.wait(30)
    sleepy.wake.set()
    first.join(30)
    body.go_on.set()
    second.join(30)

    assert answers["first"].status_code == 423
    assert (answers["second"].status_code, upload.offset) == (204, HALF)
    upload.send(CONTENT[HALF:], offset=HALF)
    run_due_jobs(app)
    assert upload.person.get(f"/media/{upload.id}/content").data == CONTENT


def refused_or(answer):
    return None if answer.status_code == 423 else answer
