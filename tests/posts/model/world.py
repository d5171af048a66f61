"""What the model acts upon, and what is true of it: our rows on one side, the simulator's publications on the other."""

import shutil
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import select, update

from tests import oauth_consent
from tests.conftest import API, Person
from tests.due_jobs import run_due_jobs
from tests.media import sample_media
from tests.posts.interruptions import Interruptible
from tiktok_api import clock, clock_offset
from tiktok_api.accounts.services import SYNC
from tiktok_api.analytics.ingest import SYNC_VIDEOS
from tiktok_api.analytics.pictures.services import FETCH_PICTURES
from tiktok_api.db import database_now, db, transaction
from tiktok_api.jobs.models import Job, JobStatus
from tiktok_api.posts.models import PUBLISH, Attempt, Publication
from tiktok_api.posts.states import PublicationState

APP = "awsimclient0001"
CREATORS = ("ada", "grace")
LEFT_OUT = (SYNC, SYNC_VIDEOS, FETCH_PICTURES)
"""Kinds of jobs that read accounts, which have nothing to do with publishing and take most of the time."""
FIRST_STEP, LONGEST_STEP = 5.0, 1800.0
MOST_STEPS = 400

Theirs = dict[str, Any]


@dataclass(frozen=True)
class Stage:
    """One application, its server and a simulator, which all examples share, and the files that each begins with."""

    app: Flask
    simulator: Any
    transport: Interruptible
    listener: socket.socket
    file: Path
    template: Path
    video: bytes = field(repr=False)
    photos: list[bytes] = field(repr=False)

    @property
    def tiktok(self) -> Any:
        """The simulator's control."""
        return self.simulator.control

    def clear(self) -> None:
        """Empty both sides: no publication is known here or there."""
        self.tiktok.settle()
        self.tiktok.reset(keep_media=False)
        with self.app.app_context():
            db.engine.dispose()
        for leftover in self.file.parent.glob(f"{self.file.name}*"):
            leftover.unlink()
        shutil.copy(self.template, self.file)


class World:
    """A person with two accounts, a video and two photos; every post of theirs, and every publish_id that they caused."""

    def __init__(self, stage: Stage) -> None:
        stage.clear()
        self.stage, self.app, self.tiktok = stage, stage.app, stage.tiktok
        self.owner = Person(self.app, "owner@example.com")
        self.publication_of: dict[str, UUID] = {}
        """Which publication a publish_id belongs to, of deleted posts too."""
        self.skew_seconds = 0.0
        host, port = stage.listener.getsockname()
        self.tiktok.change_app(APP, webhook_url=f"http://{host}:{port}{API}/webhooks/tiktok")
        self.accounts = {
            creator: str(oauth_consent.connect(stage.simulator, self.owner, creator)["account_id"])
            for creator in CREATORS
        }
        self.media = {"video": [self._upload(stage.video)], "photo": [self._upload(each) for each in stage.photos]}
        self.run()

    def _upload(self, content: bytes) -> str:
        body = sample_media.multipart(sample_media.part("file", content))
        return str(self.owner.post("/media", data=body, content_type=sample_media.MULTIPART).json["id"])

    # What happens.

    def run(self) -> int:
        """Do what is due, as a worker does; returns how many jobs ran."""
        return run_due_jobs(self.app, except_kinds=LEFT_OUT)

    def take_over(self) -> int:
        """A second worker takes what the first holds, as if that had stood still for longer than its lease."""
        with self.app.app_context(), transaction() as session:
            held = update(Job).where(Job.leased_until.is_not(None))
            session.execute(held.values(leased_until=database_now(timedelta(seconds=-1))))
        return self.run()

    def run_and_die(self, number: int, when: str) -> None:
        """A worker dies at its `number`th call of TikTok; another one takes its work over."""
        calls = iter(range(1, 1_000))

        def die() -> None:
            if next(calls) == number:
                raise KeyboardInterrupt  # which nothing on the way handles, as nothing handles a kill

        setattr(self.stage.transport, when, die)
        try:
            self.run()
        except KeyboardInterrupt:
            pass
        finally:
            setattr(self.stage.transport, when, lambda: None)
        self.take_over()

    def pass_time(self, seconds: float) -> None:
        """Let business time go by, here and at TikTok."""
        self._advance_ours(seconds)
        self.tiktok.advance(seconds)

    def set_our_clock(self, skew_seconds: float) -> None:
        """Let our clock jump, so that it is ahead of TikTok's by so much."""
        self._advance_ours(skew_seconds - self.skew_seconds)
        self.skew_seconds = skew_seconds

    def _advance_ours(self, seconds: float) -> None:
        with self.app.app_context():
            clock_offset.advance(timedelta(seconds=seconds))

    def settle(self) -> None:
        """Wait until TikTok has fetched and told what was due."""
        assert self.tiktok.settle(30), "TikTok is busy for very long"

    # What is true.

    def ours(self) -> list[Publication]:
        """Our publications, detached; learns whose publish_ids are."""
        with self.app.app_context():
            found = list(db.session.scalars(select(Publication)))
            for publish_id, publication_id in db.session.execute(select(Attempt.publish_id, Attempt.publication_id)):
                if publish_id is not None:  # the attempt of a deleted publication does not name it any more
                    self.publication_of.setdefault(publish_id, publication_id or uuid4())
            db.session.expunge_all()
        return found

    def theirs(self) -> tuple[Mapping[UUID, list[Theirs]], list[Theirs]]:
        """TikTok's publications by ours, and those whose publish_id we never wrote down."""
        known: dict[UUID, list[Theirs]] = {}
        unknown = []
        for each in self.tiktok.publications():
            if each["publish_id"] in self.publication_of:
                known.setdefault(self.publication_of[each["publish_id"]], []).append(each)
            else:
                unknown.append(each)
        return known, unknown

    def due_times(self) -> dict[UUID, datetime]:
        """When a worker looks at each publication next."""
        jobs = select(Job.subject, Job.due_at).where(Job.kind == PUBLISH, Job.status == JobStatus.WAITING)
        with self.app.app_context():
            return {subject: due_at for subject, due_at in db.session.execute(jobs) if subject is not None}

    def failed_jobs(self) -> list[str]:
        """What went wrong in jobs: nothing may, whatever TikTok does."""
        with self.app.app_context():
            return list(db.session.scalars(select(Job.last_error).where(Job.last_error.is_not(None))))

    # The end.

    def drain(self) -> None:
        """Let all trouble be over, and time go by until nothing more happens by itself."""
        self.tiktok.clear_mischief()
        self.tiktok.knobs(processing_seconds=1.0, pull_delay_seconds=0.0)
        for creator in CREATORS:
            self.tiktok.change_creator(creator, fail_reason=None, post_cap=None)
        self.set_our_clock(0.0)
        for number in range(MOST_STEPS):
            self.take_over()
            self.settle()
            self.run()
            due = self.due_times()
            open_ones = [each for each in self.ours() if not is_over(each)]
            if not open_ones:
                return
            with self.app.app_context():
                now = clock.now()
            wait = min((due[each.id] - now).total_seconds() for each in open_ones if each.id in due)
            step = min(FIRST_STEP * 1.2**number, LONGEST_STEP)  # polls are late in the end, or it took too many
            self.pass_time(max(step, min(wait, LONGEST_STEP)))
        now_open = [(str(each.state), each.reason, str(each.next_try_at), str(due.get(each.id))) for each in open_ones]
        raise AssertionError(f"at {now} still open: {now_open}")


def is_over(publication: Publication) -> bool:
    """True if nothing more happens to it without a person, who is asked where there is anything to choose."""
    state = publication.state
    is_unconfirmed_for_good = state is PublicationState.UNCONFIRMED and publication.next_try_at is None
    is_draft = state is PublicationState.DRAFT
    return state.has_ended or is_draft or publication.is_asked_about or is_unconfirmed_for_good
