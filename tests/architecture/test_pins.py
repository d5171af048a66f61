"""What is installed is what was chosen: each list is compiled into exact pins, each with the hashes of its files."""

import json
import re
from pathlib import Path

import pytest

from tests.audit import CLEAN, NOT_AUDITED, VULNERABLE, judge

ROOT = Path(__file__).resolve().parents[2]
LISTS = ["requirements", "tests/requirements", "tests/mutation/requirements"]
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z0-9,]+\])?==([^\s;\\]+)", re.MULTILINE)


def normalized(pins):
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pins}


def chosen(name):
    lines = (ROOT / f"{name}.in").read_text().splitlines()
    return [line.partition("#")[0].strip() for line in lines if line.partition("#")[0].strip()]


def compiled(name):
    """The blocks of a compiled file: a pin with its hashes each."""
    return re.split(r"\n(?=[A-Za-z0-9])", (ROOT / f"{name}.txt").read_text().strip())


@pytest.mark.parametrize("name", LISTS)
def test_what_was_chosen_is_pinned_exactly(name):
    pins = [line for line in chosen(name) if not line.startswith("-")]

    assert pins
    assert [line for line in pins if not PIN.match(line)] == []


@pytest.mark.parametrize("name", LISTS)
def test_a_compiled_list_is_that_of_what_was_chosen(name):
    """Where this fails, run `make pins`."""
    direct = [block for block in compiled(name) if re.search(rf"# via .*-r {re.escape(name)}\.in", block)]

    assert normalized(PIN.findall("\n".join(direct))) == normalized(PIN.findall("\n".join(chosen(name))))


@pytest.mark.parametrize("name", LISTS)
def test_every_pin_has_its_hashes_and_names_no_index(name):
    blocks = compiled(name)

    assert len(blocks) > 10
    assert [block for block in blocks if not PIN.match(block) or "--hash=sha256:" not in block] == []
    assert re.findall(r"^-.*|.*://.*", (ROOT / f"{name}.txt").read_text(), re.MULTILINE) == []


def test_tests_run_on_the_very_files_that_the_server_runs_on():
    def hashes(name):
        return {block.split(" ")[0]: set(re.findall(r"sha256:[0-9a-f]{64}", block)) for block in compiled(name)}

    server, tests = hashes("requirements"), hashes("tests/requirements")

    assert {pin: tests.get(pin) for pin in server} == server


@pytest.mark.parametrize(
    ("pins", "status", "said"),
    [
        ([{"name": "a", "version": "1", "vulns": []}], CLEAN, "1 pins are audited"),
        ([{"name": "a", "version": "1", "vulns": [{"id": "CVE-1"}]}], VULNERABLE, "CVE-1"),
        ([{"name": "a", "skip_reason": "not found"}], NOT_AUDITED, "NOT AUDITED: 1 of 1"),
        ([{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "x"}], NOT_AUDITED, "1 of 2"),
        (
            [{"name": "a", "version": "1", "vulns": [{"id": "X"}]}, {"name": "b", "skip_reason": "x"}],
            VULNERABLE,
            "1 of 2",
        ),
        ([], NOT_AUDITED, "NOT AUDITED"),
    ],
)
def test_an_audit_that_did_not_look_is_not_clean(pins, status, said):
    found, lines = judge(json.dumps({"dependencies": pins}), "")

    assert found == status
    assert said in "\n".join(lines)


@pytest.mark.parametrize("printed", ["", "not JSON", "[]", "{}", '{"dependencies": null}'])
def test_an_audit_that_found_out_nothing_is_not_clean(printed):
    status, lines = judge(printed, "connection refused")

    assert (status, lines[-1]) == (NOT_AUDITED, "connection refused")
