"""The application without its web knows every table, every kind of job and every listener, and imports no route."""

import json
import subprocess
import sys

from tests.architecture.source import ROOT

_KNOWN = """
import json, sys
{load}
from tiktok_api import events
from tiktok_api.composition.subscriptions import subscribe
from tiktok_api.db import Model
from tiktok_api.jobs import registry

subscribe()
names = [f"{{name}} {{each.__module__}}.{{each.__qualname__}}" for name, all in events._listeners.items() for each in all]
web = [name for name in sys.modules if name.startswith("tiktok_api.") and name.endswith((".routes", ".schemas"))]
print(json.dumps([sorted(Model.metadata.tables), sorted(registry._tasks), sorted(names), web]))
"""


def known_after(load: str) -> tuple[list[str], list[str], list[str], list[str]]:
    """Tables, kinds of jobs, listeners, and imported modules of the web, in a process that runs `load`."""
    done = subprocess.run(
        [sys.executable, "-c", _KNOWN.format(load=load)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    tables, kinds, listeners, web = json.loads(done.stdout)
    return tables, kinds, listeners, web


def test_a_worker_knows_as_much_as_the_api():
    core = known_after("import tiktok_api.composition.core")

    whole = known_after("import tiktok_api.app")

    assert core[:3] == whole[:3]
    assert len(core[0]) > 20
    assert set(core[3]) <= {"tiktok_api.web.schemas"}  # signed links are made by workers, too
    assert len(whole[3]) > 10


def test_a_start_imports_only_what_it_needs():
    """Each of these takes longer than a tenth of what a command may take before it begins."""
    heavy = {"alembic", "boto3", "av", "PIL", "flask_migrate", "tiktok_api.simulator", "tiktok_api.cli"}

    for load in ("tiktok_api.composition.core", "tiktok_api.app"):
        shown = subprocess.run(
            [sys.executable, "-c", f"import sys, {load}; print(*sys.modules)"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert set(shown.stdout.split()) & heavy == set()
