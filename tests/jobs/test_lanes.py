"""Lanes and owners: what waits in one lane, or for one owner, delays no other."""

import random
from collections import Counter
from uuid import UUID

import pytest

from tests.databases import on_each_database
from tests.jobs.kinds import IN_EVERY_LANE, does
from tests.servers import wait_until
from tiktok_api import clock
from tiktok_api.db import transaction
from tiktok_api.jobs import queue
from tiktok_api.jobs.lanes import Lane
from tiktok_api.jobs.round_robin import RoundRobin

OWNERS: list[UUID | None] = [None, *(UUID(int=number) for number in range(1, 12))]


@pytest.fixture
def enqueue_many(app):
    """Enqueue due jobs of one kind, one for each owner that is named, in that order."""

    def make(kind, owners):
        with transaction():
            for number, owner_id in enumerate(owners):
                key = f"{kind} {owner_id} {number} {random.random()}"
                queue.enqueue(kind, due_at=clock.now(), owner_id=owner_id, unique_key=key, payload=_owned_by(owner_id))

    return make


def _owned_by(owner_id):
    return {"owner": owner_id and str(owner_id)}


@pytest.fixture
def order():
    """Whose jobs were run, in their order."""
    return []


@pytest.mark.parametrize("full", Lane)
@on_each_database
def test_a_full_lane_delays_no_other_lane(full, enqueue_many, order, start_runner, gate):
    others = [lane for lane in Lane if lane is not full]
    does.update({IN_EVERY_LANE[lane]: lambda job: order.append(job.kind) for lane in others})
    does[IN_EVERY_LANE[full]] = gate.pass_through
    enqueue_many(IN_EVERY_LANE[full], [OWNERS[1]] * 8)
    start_runner(worker_threads=1, worker_media_threads=1)
    assert gate.begun.wait(30)

    for lane in others:
        enqueue_many(IN_EVERY_LANE[lane], [OWNERS[1]])

    wait_until(lambda: sorted(order) == sorted(IN_EVERY_LANE[lane] for lane in others))
    assert gate.runs == 1
    does.clear()
    gate.may_end.set()


@pytest.mark.parametrize("seed", range(2))
@on_each_database
def test_no_owner_is_served_twice_while_another_one_waits(seed, enqueue_many, order, start_runner):
    chance = random.Random(seed)
    most = (1, 8)[seed]
    backlog = [owner for owner in OWNERS for _ in range(chance.randint(1, most))] + [chance.choice(OWNERS)] * 70
    chance.shuffle(backlog)
    does["tests.publish"] = lambda job: order.append(job.payload["owner"])
    enqueue_many("tests.publish", backlog)

    start_runner(worker_threads=1)

    wait_until(lambda: len(order) == len(backlog), seconds=60)
    left, served = Counter(_owned_by(owner)["owner"] for owner in backlog), Counter()
    for owner in order:
        assert served[owner] == min(served[other] for other, jobs in left.items() if jobs)
        served[owner] += 1
        left[owner] -= 1


@on_each_database
def test_of_hundreds_of_owners_each_has_a_turn_before_any_has_two(app, enqueue_many):
    enqueue_many("tests.publish", [UUID(int=number) for number in range(1, 301)])
    turns = RoundRobin(Lane.PUBLISH, most_per_owner=1)

    served = [owner for _ in range(3) for _, owner in turns.next_turn(20, {}).jobs]

    assert len(set(served)) == len(served) == 60


@on_each_database
def test_an_owner_who_comes_late_is_next_however_much_waits_for_another(enqueue_many, order, start_runner, gate):
    does["tests.publish"] = lambda job: order.append(job.payload["owner"]) or gate.pass_through(job)
    enqueue_many("tests.publish", [OWNERS[1]] * 120)
    start_runner(worker_threads=1)
    assert gate.begun.wait(30)

    enqueue_many("tests.publish", [OWNERS[2]])
    gate.may_end.set()

    wait_until(lambda: len(order) > 2)
    assert order[1] == str(OWNERS[2])
    does.clear()


@on_each_database
def test_one_owner_never_has_every_thread_of_imports(enqueue_many, order, start_runner, gate):
    greedy, modest = OWNERS[1], OWNERS[2]
    does["tests.import"] = lambda job: (
        order.append(job.payload["owner"]) or (job.payload["owner"] == str(greedy) and gate.pass_through(job)) or None
    )
    enqueue_many("tests.import", [greedy] * 100)
    start_runner(worker_threads=3)
    wait_until(lambda: gate.runs == 2)

    enqueue_many("tests.import", [modest] * 3)

    wait_until(lambda: order.count(str(modest)) == 3)
    assert gate.runs == 2
    does.clear()
    gate.may_end.set()
