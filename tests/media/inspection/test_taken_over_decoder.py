"""A decoder that a file has taken over makes the listed system calls and no other, and nothing of it outlives its parent"""

import json
import os
import re
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.media import sample_media
from tests.media.inspection.taken_over import REFUSED, UNKNOWN, X32
from tests.media.server_process import ROOT
from tests.servers import wait_until
from tiktok_api.media.inspection.child.seccomp import ALLOWED, ARCHITECTURES, THREAD_FLAGS, filter_program

HERE = ARCHITECTURES.get(os.uname().machine)
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x50001, 0x50026
PROBES = (
    {335, 336} if os.uname().machine == "x86_64" else set()
)  # uretprobe, uprobe: the kernel lets no filter see them
INSPECT = """
import sys, pathlib
from tiktok_api.media.inspection.inspect import inspect
print(inspect(pathlib.Path(sys.argv[1])))
"""

here_only = pytest.mark.skipif(HERE is None, reason="no filter for this architecture")


def take_over(*what):
    command = [sys.executable, "-m", "tests.media.inspection.taken_over", *what]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def judge(program, *, arch, number, first_argument=0):
    """What the kernel would do with a call, by the rules of classic BPF."""
    steps = list(struct.iter_unpack("HBBI", program))
    loaded = {0: number, 4: arch, 16: first_argument & 0xFFFFFFFF}
    at = word = 0
    while True:
        code, if_true, if_false, value = steps[at]
        at += 1
        match code:
            case 0x20:
                word = loaded[value]
            case 0x15:
                at += if_true if word == value else if_false
            case 0x35:
                at += if_true if word >= value else if_false
            case 0x06:
                return value


@pytest.mark.parametrize("machine", HEADERS)
def test_the_numbers_are_those_of_the_kernel(machine):
    if not HEADERS[machine].exists():
        pytest.skip("the kernel's headers are not installed")
    defined = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)\b", HEADERS[machine].read_text())
    numbers = {name: int(number) for name, number in reversed(defined)}
    architecture = ARCHITECTURES[machine]

    ours = {name: columns[architecture.column] for name, columns in ALLOWED.items()}
    ours |= {name: getattr(architecture, name) for name in ("seccomp", "clone", "clone3")}

    assert {name: number for name, number in ours.items() if number is not None} == {
        name: numbers[name] for name in ours if ours[name] is not None
    }
    assert [name for name, number in ours.items() if number is None and name in numbers] == []


@pytest.mark.parametrize("may_start_threads", [False, True])
@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_the_filter_allows_the_list_and_nothing_else(machine, may_start_threads):
    architecture = ARCHITECTURES[machine]
    program = filter_program(architecture, may_start_threads=may_start_threads)
    numbers = [*range(1024), X32 - 1]
    expected = dict.fromkeys(numbers, EPERM) | dict.fromkeys(architecture.allowed, ALLOW)
    if may_start_threads:
        expected[architecture.clone3] = ENOSYS

    found = {number: judge(program, arch=architecture.audit_arch, number=number) for number in numbers}

    assert found == expected


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_a_call_in_another_numbering_ends_the_process(machine):
    architecture = ARCHITECTURES[machine]
    program = filter_program(architecture, may_start_threads=True)
    foreign = {0x40000003, 0x40000028, 0xC000003E, 0xC00000B7, 0xC00000F3, 0} - {architecture.audit_arch}

    ends = {judge(program, arch=arch, number=number) for arch in foreign for number in architecture.allowed}
    x32 = {judge(program, arch=architecture.audit_arch, number=X32 + number) for number in range(1024)}

    assert ends == {KILL}
    assert x32 == {KILL if architecture.has_x32 else EPERM}


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_clone_makes_a_thread_or_nothing(machine):
    architecture = ARCHITECTURES[machine]
    program = filter_program(architecture, may_start_threads=True)
    changed = {flags ^ 1 << bit for flags in THREAD_FLAGS for bit in range(32)} - set(THREAD_FLAGS)

    def clone(flags):
        return judge(program, arch=architecture.audit_arch, number=architecture.clone, first_argument=flags)

    assert {clone(flags) for flags in THREAD_FLAGS} == {ALLOW}
    assert {clone(flags) for flags in {0, 17, *changed}} == {EPERM}


@here_only
@pytest.mark.parametrize("what", ["calls", "calls with threads"])
def test_the_kernel_lets_only_the_list_through(what):
    ends = {int(number): end for number, end in take_over(what).items()}

    passed = {number for number, end in ends.items() if end not in (REFUSED, UNKNOWN, -signal.SIGSYS)} | {
        number
        for number in HERE.allowed
        if ends[number] == UNKNOWN  # futex knows no such operation
    }

    assert passed - PROBES == set(HERE.allowed)
    assert ends[HERE.clone] == REFUSED
    assert {ends[number] for number in ends if number >= X32} == {-signal.SIGSYS if HERE.has_x32 else REFUSED}


@here_only
def test_no_attack_gets_through():
    sibling = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        before = Path(f"/proc/{sibling.pid}/limits").read_text(), os.getpriority(os.PRIO_PROCESS, sibling.pid)

        ends = take_over("attacks", str(sibling.pid))

        after = Path(f"/proc/{sibling.pid}/limits").read_text(), os.getpriority(os.PRIO_PROCESS, sibling.pid)
        assert len(ends) > 100
        assert {name: end for name, end in ends.items() if end != REFUSED and "clone3" not in name} == {}
        assert sibling.poll() is None
        assert after == before
    finally:
        sibling.kill()
        sibling.wait()


@here_only
def test_a_process_in_the_disguise_of_a_thread_is_refused():
    assert set(take_over("forks").values()) == {REFUSED}


@here_only
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="int 0x80 is x86's")
def test_the_calls_of_32_bit_programs_end_the_process():
    assert take_over("other architecture") in (-signal.SIGSYS, -signal.SIGSEGV)  # the latter where the kernel has none


@here_only
def test_threads_start_only_where_a_decoder_needs_them_and_only_a_few():
    started = take_over("threads")

    assert started["False"] == 0
    assert started["True"] >= 1
    if (subprocess.run(["unshare", "--user", "true"], check=False, capture_output=True)).returncode == 0:
        assert started["True"] <= 5


@here_only
def test_a_user_who_may_start_no_thread_is_no_fault_of_a_file():
    assert take_over("no thread left") == REFUSED


def children_of(pid):
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def confined_child_of(pid):
    for child in children_of(pid):
        if "\nSeccomp:\t2\n" in Path(f"/proc/{child}/status").read_text():
            return child
    return None


@pytest.fixture(params=["PNG", "HEIF"])
def inspection(request, tmp_path):
    """A process that inspects a file, and its child, stopped behind the walls."""
    options = {"HEIF": {"enc_params": {"preset": "ultrafast"}}, "PNG": {"compress_level": 1}}[request.param]
    Image.new("RGB", (6000, 4000), "teal").save(tmp_path / "file", request.param, **options)
    parent = subprocess.Popen([sys.executable, "-c", INSPECT, str(tmp_path / "file")], cwd=ROOT)
    child = wait_until(lambda: confined_child_of(parent.pid), every=0.01)
    os.kill(child, signal.SIGSTOP)
    yield parent, child
    parent.kill()
    parent.wait()


@here_only
def test_the_child_of_root_has_no_more_rights_than_any_other(inspection):
    _, child = inspection

    status = Path(f"/proc/{child}/status").read_text()

    assert {frozenset(held) for held in re.findall(r"^Cap(?:Prm|Eff|Inh|Amb):\t(\w+)$", status, re.MULTILINE)} == {
        frozenset("0")
    }


@here_only
def test_the_child_dies_with_the_process_that_started_it(inspection):
    parent, child = inspection

    parent.kill()
    parent.wait()

    wait_until(
        lambda: not Path(f"/proc/{child}").exists() or "\nState:\tZ" in Path(f"/proc/{child}/status").read_text()
    )


@here_only
@pytest.mark.parametrize("kind", ["JPEG", "HEIF"])
def test_a_photo_is_opened_where_the_kernel_cannot_filter_and_the_log_says_so(tmp_path, kind):
    (tmp_path / "file").write_bytes(sample_media.photo(kind))
    without = [sys.executable, "-m", "tests.media.inspection.without_seccomp", sys.executable, "-c", INSPECT]

    done = subprocess.run([*without, str(tmp_path / "file")], cwd=ROOT, capture_output=True, text=True, check=True)

    assert "Facts(kind='photo'" in done.stdout
    assert "media.opened_without_seccomp" in done.stdout + done.stderr
