"""Which step a publication is ready for: every state with every living attempt, decided without database or network."""

from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import uuid4

import pytest

from tiktok_api.jobs.registry import ClaimedJob, RunAgain
from tiktok_api.posts.models import Attempt, Post, Publication
from tiktok_api.posts.publishing import verdicts
from tiktok_api.posts.publishing.claims import ClaimedPublication
from tiktok_api.posts.publishing.steps import (
    AskHowFar,
    Check,
    Follow,
    Init,
    Poll,
    RecordOnly,
    SendChunk,
    SendLastChunk,
    Step,
    next_step,
)
from tiktok_api.posts.states import ALIVE, ARRIVED, AttemptState, PublicationState
from tiktok_api.posts.vocabulary import PostIdSource, PostMode

NOW = datetime(2027, 3, 2, 12, tzinfo=UTC)
CHUNKS, CHUNK = 6, 10_000_000

UNBEGUN = {
    "draft": None,
    "scheduled": RunAgain,
    "due": RunAgain,
    "preparing": Check,
    "uploading": Check,
    "held": Check,
    "processing": None,
    "unconfirmed": None,
    "failed": None,
    "cancelled": None,
    "published": Follow,
    "publicly_available": Follow,
    "inbox_delivered": Follow,
    "no_longer_available": None,
}
"""Without an attempt that is alive. A claim that finds it due prepares it; after any other, its time has just come."""
ATTEMPTED = {
    ("intent", False): Init,
    ("open", True): AskHowFar,
    ("open", False): SendChunk,
    ("final", True): Poll,
    ("final", False): SendLastChunk,
}
"""By the attempt, and by whether an earlier run began it; whatever the state, unless it has arrived."""
REACHABLE = [
    *product(["preparing", "held"], [(None, False)]),
    ("preparing", ("intent", False)),
    *product(["uploading", "held"], [("open", True)]),
    ("uploading", ("open", False)),
    ("processing", ("final", False)),
    *product(["processing", "unconfirmed"], [("final", True)]),
]
"""What is left to do, as `record` and `claim` leave it."""


def claimed(state, attempt=None, *, is_adopted=False, obstacle=None, publish_at=NOW, has_account=True, **facts):
    """A publication that is due, of a public post, as a worker finds it."""
    post = Post(mode=PostMode.DIRECT, publish_at=publish_at, privacy_level="PUBLIC_TO_EVERYONE")
    known = {"publish_id": "v_pub_1", "overrides": {}, "updated_at": NOW, "tiktok_post_ids": []} | facts
    publication = Publication(
        id=uuid4(), account_id=uuid4() if has_account else None, state=PublicationState(state), **known
    )
    if attempt is not None:
        attempt = Attempt(
            state=AttemptState(attempt),
            opened_at=NOW,
            uploaded_bytes=0,
            video_size=CHUNKS * CHUNK,
            chunk_size=CHUNK,
            total_chunk_count=CHUNKS,
        )
    job = ClaimedJob(uuid4(), "posts.publish", publication.id, {}, 1, 0, 0)
    return ClaimedPublication(job, post, publication, attempt, None, is_adopted, obstacle)


@pytest.mark.parametrize("state", PublicationState)
def test_without_a_living_attempt_the_state_decides(state):
    step = next_step(claimed(state), NOW)

    assert (type(step) if step else None) is UNBEGUN[state]


@pytest.mark.parametrize(("state", "found"), list(product(sorted(set(PublicationState) - ARRIVED), ATTEMPTED)))
def test_with_a_living_attempt_the_attempt_decides_so_that_none_is_ever_begun_beside_it(state, found):
    attempt, is_adopted = found

    step = next_step(claimed(state, attempt, is_adopted=is_adopted), NOW)

    assert type(step) is ATTEMPTED[found]


@pytest.mark.parametrize(("state", "found"), REACHABLE)
def test_what_is_left_to_do_is_given_a_step(state, found):
    attempt, is_adopted = found

    assert isinstance(next_step(claimed(state, attempt, is_adopted=is_adopted), NOW), Step)


@pytest.mark.parametrize(
    ("state", "attempt", "is_adopted", "has_account", "minutes"),
    list(product(PublicationState, [None, *ALIVE], [True, False], [True, False], [-1, 0, 1])),
)
def test_every_combination_gives_a_step_a_time_or_an_end(state, attempt, is_adopted, has_account, minutes):
    found = claimed(
        state,
        attempt,
        is_adopted=is_adopted,
        has_account=has_account,
        publish_at=NOW + timedelta(minutes=minutes),
    )

    step = next_step(found, NOW)

    assert step is None or isinstance(step, Step | RunAgain)
    assert has_account or step == RecordOnly(verdicts.Disconnected())


@pytest.mark.parametrize("state", ["scheduled", "due", "preparing"])
def test_nothing_is_begun_before_its_time(state):
    at = NOW + timedelta(seconds=1)

    assert next_step(claimed(state, publish_at=at), NOW) == RunAgain(at)
    assert next_step(claimed(state, next_try_at=at), NOW) == RunAgain(at)


def test_what_is_held_is_looked_at_whenever_its_job_runs():
    later = NOW + timedelta(hours=1)

    assert next_step(claimed("held", next_try_at=later), NOW) == Check()


def test_an_obstacle_is_recorded_and_tiktok_is_not_asked():
    assert next_step(claimed("preparing", obstacle=verdicts.Skip()), NOW) == RecordOnly(verdicts.Skip())


@pytest.mark.parametrize("sent", range(CHUNKS + 1))
def test_chunks_are_sent_one_by_one_and_the_last_one_only_past_the_commit_point(sent):
    found = claimed("uploading", "open")
    found.attempt.uploaded_bytes = sent * CHUNK

    step = next_step(found, NOW)

    assert step == (SendChunk(sent) if sent < CHUNKS - 1 else RecordOnly(verdicts.LastChunkLeaves()))


@pytest.mark.parametrize("sent", [0, CHUNKS - 1])
def test_an_attempt_whose_upload_url_has_lapsed_does_not_pass_the_commit_point(sent):
    found = claimed("uploading", "open")
    found.attempt.uploaded_bytes = sent * CHUNK

    step = next_step(found, NOW + timedelta(hours=1))

    assert step == RecordOnly(verdicts.AttemptEnded(verdicts.Retry("upload_url_expired")))


@pytest.mark.parametrize(
    ("state", "hours", "facts", "is_worth_it"),
    [
        ("published", 23, {}, True),
        ("published", 25, {}, False),
        ("published", 23, {"overrides": {"privacy_level": "SELF_ONLY"}}, False),
        ("published", 23, {"publish_id": None}, False),
        ("publicly_available", 23, {"post_id_source": None}, True),
        ("publicly_available", 23, {"post_id_source": PostIdSource.TIKTOK}, False),
        ("inbox_delivered", 6 * 24, {}, True),
        ("inbox_delivered", 8 * 24, {}, False),
    ],
)
def test_what_has_arrived_is_followed_while_tiktok_may_tell_more(state, hours, facts, is_worth_it):
    found = claimed(state, published_at=NOW - timedelta(hours=hours), **facts)

    assert next_step(found, NOW) == (Follow() if is_worth_it else None)
