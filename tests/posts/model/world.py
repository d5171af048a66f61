"""What the model acts upon, and what is true of it: our rows on one side, the simulator's publications on the other."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, update

from tests import oauth_consent
from tests.conftest import API
from tests.due_jobs import run_due_jobs
from tests.listening import listening
from tests.posts.interruptions import around_calls, between_transactions
from tests.posts.model.stage import Stage
from tiktok_api import clock, clock_offset
from tiktok_api.accounts.services import SYNC
from tiktok_api.analytics.collection.ingest import SYNC_VIDEOS
from tiktok_api.analytics.pictures.services import FETCH_PICTURES
from tiktok_api.db import database_now, db, transaction
from tiktok_api.jobs.models import Job, JobStatus
from tiktok_api.posts.models import PUBLISH, Attempt, Publication
from tiktok_api.posts.states import PublicationState

APP = "awsimclient0001"
CREATORS = ("ada", "grace")
LEFT_OUT = (SYNC, SYNC_VIDEOS, FETCH_PICTURES)
"""Kinds of jobs that read accounts, which have nothing to do with publishing and take most of the time."""
FIRST_STEP, LONGEST_STEP = 5.0, 10_000.0
MOST_STEPS = 400
BETWEEN = "between"
"""The moment between two transactions; the others are before and after a call of TikTok."""

Theirs = dict[str, Any]
Moment = tuple[int, str]


@dataclass(frozen=True)
class Seen:
    """Our publications and attempts, detached, and TikTok's by ours; `unknown`: whose publish_id we never wrote down."""

    publications: list[Publication]
    attempts: dict[str, Attempt]
    theirs: dict[UUID, list[Theirs]] = field(default_factory=dict)
    unknown: list[Theirs] = field(default_factory=list)

    def of(self, publication_id: UUID) -> list[Theirs]:
        """TikTok's of one of ours."""
        return self.theirs.get(publication_id, [])


class World:
    """A person with two accounts, a video and two photos; every post of theirs, and every publish_id that they caused."""

    def __init__(self, stage: Stage) -> None:
        stage.transport.watch = lambda: None
        stage.clear()
        self.stage, self.app, self.tiktok = stage, stage.app, stage.tiktok
        self.owner, self.media = stage.owner, stage.media
        self.publication_of: dict[str, UUID] = {}
        """Which publication a publish_id belongs to, of deleted posts too."""
        self.cancelled: set[UUID] = set()
        """Publications that were shown or told as cancelled, of deleted posts too."""
        self.untrue: AssertionError | None = None
        """What was seen not to hold in the middle of a worker's work."""
        self.skew_seconds = 0.0
        host, port = stage.listener.getsockname()
        self.tiktok.change_app(APP, webhook_url=f"http://{host}:{port}{API}/webhooks/tiktok")
        self.accounts = {
            creator: str(oauth_consent.connect(stage.simulator, self.owner, creator)["account_id"])
            for creator in CREATORS
        }

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

    def at(self, moment: Moment, act: Callable[[], Any]) -> AbstractContextManager[Any]:
        """Let `act` happen at a moment of the worker's work, while it waits."""
        number, when = moment
        if when != BETWEEN:
            return around_calls(self.stage.transport, number, when, act)
        with self.app.app_context():
            return between_transactions(db.engine, number, act)

    def run_and_die(self, moment: Moment) -> None:
        """A worker dies at a moment of its work; another one takes that over."""
        try:
            with self._dying(*moment):
                self.run()
        except KeyboardInterrupt:
            pass
        self.take_over()

    @contextmanager
    def _dying(self, number: int, when: str) -> Iterator[None]:
        worker, chances = threading.current_thread(), itertools.count(1)

        def die(*_: Any) -> None:
            if threading.current_thread() is worker and next(chances) == number:
                raise KeyboardInterrupt  # which nothing on the way handles, as nothing handles a kill

        if when == BETWEEN:
            with self.app.app_context():
                engine = db.engine
            with listening(engine, "checkout", die):
                yield
            return
        setattr(self.stage.transport, when, die)
        try:
            yield
        finally:
            setattr(self.stage.transport, when, lambda: None)

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

    def look(self) -> Seen:
        """Look at TikTok and then at our rows: what TikTok has by then, ours must account for.

        Learns whose publish_ids are, and what is cancelled.
        """
        theirs = self.tiktok.publications()
        with self.app.app_context():
            publications = list(db.session.scalars(select(Publication)))
            attempts = list(db.session.scalars(select(Attempt)))
            db.session.expunge_all()
        for attempt in attempts:
            if attempt.publish_id is not None:  # the attempt of a deleted publication does not name it any more
                self.publication_of.setdefault(attempt.publish_id, attempt.publication_id or uuid4())
        self.cancelled |= {each.id for each in publications if each.state is PublicationState.CANCELLED}
        seen = Seen(publications, {each.publish_id: each for each in attempts if each.publish_id})
        for each in theirs:
            publication_id = self.publication_of.get(each["publish_id"])
            (seen.theirs.setdefault(publication_id, []) if publication_id else seen.unknown).append(each)
        return seen

    def posts(self, state: str) -> list[UUID]:
        """Returns the posts that are in a state on an account, or, where there is none, all; the latest first."""
        with self.app.app_context():
            query = select(Publication.post_id, Publication.state).order_by(Publication.id.desc())
            found = db.session.execute(query).all()
        in_state = [post_id for post_id, each in found if each == state]
        return list(dict.fromkeys(in_state or [post_id for post_id, _ in found]))

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
            open_ones = [each for each in self.look().publications if not is_over(each)]
            if not open_ones:
                return
            with self.app.app_context():
                now = clock.now()
            wait = min((due[each.id] - now).total_seconds() for each in open_ones if each.id in due)
            step = min(
                FIRST_STEP * 2.0 ** min(number, 20), LONGEST_STEP
            )  # polls are late in the end, or it took too many
            self.pass_time(max(step, min(wait, LONGEST_STEP)))
        now_open = [(str(each.state), each.reason, str(each.next_try_at), str(due.get(each.id))) for each in open_ones]
        raise AssertionError(f"at {now} still open: {now_open}")


def is_over(publication: Publication) -> bool:
    """True if nothing more happens to it without a person, who is asked where there is anything to choose."""
    state = publication.state
    is_unconfirmed_for_good = state is PublicationState.UNCONFIRMED and publication.next_try_at is None
    is_draft = state is PublicationState.DRAFT
    return state.has_ended or is_draft or publication.is_asked_about or is_unconfirmed_for_good
