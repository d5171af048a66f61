"""Whatever people, workers, clocks, TikTok and the network do: no post is out twice, none is lost, and what is said is so."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.posts.model.machine import PublishingMachine


@pytest.mark.usefixtures("jobs_may_fail")  # a worker that dies counts as one; what fails by itself, the laws notice
@pytest.mark.parametrize(
    ("examples", "steps"),
    [pytest.param(8, 20, id="sample"), pytest.param(400, 40, id="all", marks=pytest.mark.long)],
)
def test_nothing_is_out_twice_or_lost_or_untrue(stage, examples, steps):
    machine = type("Machine", (PublishingMachine,), {"stage": stage})

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
