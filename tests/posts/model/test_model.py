"""Whatever people, workers, clocks, TikTok and the network do: no post is out twice, none is lost, and what is said is so."""

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.generated_examples import OF_REQUESTS
from tests.posts.model.machine import PublishingMachine


@pytest.mark.usefixtures("jobs_may_fail")  # a worker that dies counts as one; what fails by itself, the laws notice
@pytest.mark.parametrize(
    ("examples", "steps"),
    [pytest.param(10, 30, id="sample"), pytest.param(400, 40, id="all", marks=pytest.mark.long)],
)
def test_nothing_is_out_twice_or_lost_or_untrue(pytestconfig, stage, examples, steps):
    machine = type("Machine", (PublishingMachine,), {"stage": stage})

    run_state_machine_as_test(
        machine,
        settings=settings(
            OF_REQUESTS,
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=pytestconfig.getoption("--hypothesis-seed") is None,  # else a seed would change nothing
            phases=[Phase.generate, Phase.shrink],
        ),
    )
