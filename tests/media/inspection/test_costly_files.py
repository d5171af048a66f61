"""What a file costs is bounded by its bytes: what is cheap to send and expensive to decode is refused before it is decoded"""

import resource

import pytest

from tests.media.inspection.costly import CHEAP, COSTLY
from tiktok_api.media.inspection.inspect import Facts, Rejection, inspect


def cpu_seconds_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("name", COSTLY)
def test_a_costly_file_is_refused_and_cost_little(tmp_path, name):
    path = tmp_path / "file"
    path.write_bytes(COSTLY[name]())
    before = cpu_seconds_of_children()

    outcome = inspect(path)

    assert isinstance(outcome, Rejection)
    assert outcome.code == "file_too_complex"
    assert "takes" not in outcome.message, "it ran into a limit of the process"
    assert cpu_seconds_of_children() - before < 5


@pytest.mark.parametrize("name", CHEAP)
def test_a_file_that_costs_little_is_opened(tmp_path, name):
    path = tmp_path / "file"
    path.write_bytes(CHEAP[name]())

    assert isinstance(inspect(path), Facts)
