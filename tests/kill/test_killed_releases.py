"""kill -9 where something waits for its turn or for its media: a late release, being asked about, a failed inspection."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from tests import oauth_consent
from tests.conftest import Person
from tests.kill.deaths import AT_ONCE, numbers, survive
from tests.kill.launcher import Fate
from tests.kill.scene import Case, Stage, count_steps, environment, prepared_app, wait_for
from tests.media import sample_media
from tests.samples import each, in_strides
from tiktok_api import clock
from tiktok_api.db import transaction
from tiktok_api.jobs.models import Job
from tiktok_api.posts.models import Attempt, Post, Publication
from tiktok_api.posts.states import PublicationState
from tiktok_api.posts.vocabulary import LatePolicy

WORD = "account_needs_reconnection"


def make_late(stage: Stage, if_late: LatePolicy) -> Stage:
    """The post was held for a lost authorisation for two days, and its account has just come back."""
    case = Case(stage, "the template", stage.template_url)
    wanted_at = clock.now() - timedelta(days=2)
    with case.engine.begin() as connection:
        connection.execute(update(Post).values(publish_at=wanted_at, if_late=if_late))
        connection.execute(
            update(Publication).values(state=PublicationState.HELD, reason=WORD, wanted_at=wanted_at, next_try_at=None)
        )
    return stage


@in_strides(4)
def test_a_worker_killed_at_any_commit_of_a_late_release_leaves_a_post_that_goes_out_once(build_stage, stride):
    stage = make_late(build_stage("late"), LatePolicy.PUBLISH)

    survive(stage, [Fate("commit", number, "after") for number in each(stride, numbers(stage, "commit"))])


def test_a_worker_killed_while_it_asks_about_a_late_post_leaves_it_to_be_asked_about(build_stage):
    stage = make_late(build_stage("asked"), LatePolicy.HOLD)

    for number, when in ((1, "before"), (1, "after"), (2, "before"), (2, "after")):
        case = stage.new_case(f"{when} {number}")
        with case.worker(Fate("commit", number, when)) as worker:
            worker.wait_until_killed()
        with case.worker():
            wait_for(lambda case=case: reason_of(case) == "late")
        assert attempts_of(case) == 0


def reason_of(case: Case) -> str | None:
    with case.engine.connect() as connection:
        reason: str | None = connection.scalar(select(Publication.reason))
        return reason


def is_told(case: Case) -> bool:
    return reason_of(case) == "media_rejected"


def attempts_of(case: Case) -> int:
    with case.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(Attempt)) or 0


@pytest.fixture(scope="module")
def rejected_stage(busy_simulator: Any, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """A post is scheduled with a file that is no video, which no worker has looked at yet."""
    folder = tmp_path_factory.mktemp("rejected")
    url = f"sqlite:///{folder / 'template.sqlite3'}"
    settings = environment(busy_simulator.url, folder)
    with prepared_app(settings, url) as app:
        owner = Person(app, "owner@example.com")
        account_id = oauth_consent.connect(busy_simulator, owner, "ada")["account_id"]
        upload = {
            "data": sample_media.multipart(sample_media.part("file", b"no video")),
            "content_type": sample_media.MULTIPART,
        }
        draft = {"type": "video", "mode": "direct", "privacy_level": "SELF_ONLY"}
        draft |= {"consent": True, "publish_at": "2200-01-01T00:00:00Z"}
        draft |= {"media_ids": [owner.post("/media", **upload).json["id"]], "targets": [{"account_id": account_id}]}
        assert owner.post("/posts", json=draft).status_code == 201
        with app.app_context(), transaction() as session:
            far = clock.now() + timedelta(days=3650)
            session.execute(update(Job).where(Job.kind.not_in(["media.inspect"])).values(due_at=far))
    return Stage(busy_simulator, folder, settings, url, (b"no video",), draft)


@in_strides(3)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_killed_at_any_commit_of_a_failed_inspection_leaves_no_post_that_was_not_told(
    rejected_stage, when, stride
):
    dry = rejected_stage.new_case("dry run")
    with dry.worker() as worker:
        wait_for(lambda: is_told(dry))
    steps = count_steps(worker.steps)["commit"]
    assert steps >= 4

    def meet(number: int) -> None:
        case = rejected_stage.new_case(f"{when} {number}")
        with case.worker(Fate("commit", number, when)) as worker:
            wait_for(lambda: not worker.process.is_alive() or is_told(case))
        with case.worker():
            wait_for(lambda: is_told(case))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(meet, each(stride, range(1, steps + 1))))
