"""More hostile connections than there are threads: every other client is served as if they were not there."""

import re

import pytest

from benchmarks.hostile import KINDS, attack
from benchmarks.survival import measure
from tests.server.conftest import THREADS

pytestmark = pytest.mark.xdist_group("attacked server")


def named(kind) -> str:
    return re.sub("_", " ", kind.__name__)


@pytest.mark.parametrize("kind", KINDS, ids=named)
def test_one_kind_on_every_thread_and_more(targets, guest, kind):
    with attack(targets, connections=3 * THREADS, kinds=(kind,)):
        figures = measure(guest, seconds=1.5)

    assert figures
    assert all(figure.seconds and not figure.failures for figure in figures), figures


@pytest.mark.parametrize(("connections", "seconds"), [(70, 4.0), pytest.param(200, 60.0, marks=pytest.mark.long)])
def test_every_kind_at_once(targets, guest, connections, seconds):
    with attack(targets, connections=connections):
        figures = measure(guest, seconds=seconds)

    assert figures
    assert all(figure.seconds and not figure.failures for figure in figures), figures
