"""kill -9 of workers and of the server while photos and drafts go out: still out exactly once, with nothing left over."""

import pytest

from tests.kill.deaths import MOMENTS, dry_run, meet_all, numbers, survive
from tests.kill.launcher import Fate
from tests.kill.scene import wait_for
from tests.samples import each, in_strides

on_each_kind = pytest.mark.parametrize("kind", ["photos", "photos_to_the_inbox"])
on_each_kind_and_database = pytest.mark.parametrize(
    "is_on_postgresql", [False, pytest.param(True, marks=pytest.mark.postgres)]
)


@on_each_kind
@on_each_kind_and_database
@in_strides(3)
def test_a_worker_killed_at_any_step_of_photos_is_succeeded(make_stage, kind, is_on_postgresql, stride):
    stage = make_stage(kind, is_on_postgresql)
    steps = [(kind, number) for kind in ("commit", "call") for number in numbers(stage, kind)]

    survive(stage, [Fate(*step, when) for step in each(stride, steps) for when in MOMENTS])


@pytest.mark.parametrize("when", MOMENTS)
@on_each_kind_and_database
def test_a_server_killed_at_the_commit_point_of_photos_is_succeeded(make_stage, is_on_postgresql, when):
    stage = make_stage("photos", is_on_postgresql)

    def meet(fate: Fate) -> str | None:
        case = stage.new_case(str(fate))
        try:
            with case.worker():
                with case.server(fate) as server:
                    server.wait_until_killed()
                with case.server():
                    wait_for(case.is_over)
            case.check_published_once()
        except AssertionError as error:
            return f"{fate}: {error}"
        return None

    meet_all([Fate("commit", 1, when)] * 2, meet)


def test_a_worker_killed_at_any_commit_of_a_draft_is_succeeded(make_stage, busy_simulator):
    stage = make_stage("video_to_the_inbox", False)
    fates = [Fate("commit", number, "after") for number in numbers(stage, "commit")]

    for fate in fates:  # one after the other: nothing tells two of them apart
        known = {theirs["publish_id"] for theirs in busy_simulator.control.publications()}
        case = stage.new_case(str(fate))
        with case.worker(fate) as worker:
            worker.wait_until_killed()
        case.finish()
        theirs = [each for each in busy_simulator.control.publications() if each["publish_id"] not in known]
        assert [each["sha256"] for each in theirs if each["received_at"]] == [stage.sha256], str(fate)
    assert len(fates) > 5
    assert dry_run(stage)
