"""Each process of the product in a fresh folder: it reads the file there, and what is wrong is a paragraph."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import requests

from tests.samples import sampled
from tests.servers import S3_BUCKET, free_port, wait_until
from tests.settings.processes import DOCTOR, GUNICORN, REQUIRED, SIMULATED, UPGRADE, WORKER, status_of

PROCESSES = {
    "gunicorn": GUNICORN,
    "serve": ("tiktok_api", "serve"),
    "gunicorn without its configuration": ("gunicorn", "wsgi:app"),
    "upgrade": UPGRADE,
    "worker": WORKER,
    "another command": ("flask", "--app", "wsgi", "jobs", "dead"),
    "import": ("wsgi",),
    "doctor": DOCTOR,
}


def has_run_a_job(database: Path) -> bool:
    """Recurring jobs are due at once in a new database, and in the future once they were run."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return bool(connection.execute("select count(*) from jobs where due_at > datetime('now')").fetchone()[0])


def processes_below(folder: Path) -> list[str]:
    """The command lines of those that work in that folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.joinpath("cwd").resolve() == folder:
                found.append(process.joinpath("cmdline").read_text())
        except OSError:  # it has just ended
            continue
    return found


def test_the_example_serves_with_the_required_settings_filled_in(folder, simulator):
    folder.fill_in(**REQUIRED)
    port = str(free_port())
    tiktok = {"TIKTOK_API_URL": simulator.url, "TIKTOK_ALLOW_HTTP": "true", "BIND": f"127.0.0.1:{port}"}

    before = folder.run(*DOCTOR, **tiktok)
    upgraded = folder.run(*UPGRADE, **tiktok)
    after = folder.run(*DOCTOR, **tiktok)
    with folder.running(*GUNICORN, **tiktok), folder.running(*WORKER, **tiktok) as worker:
        wait_until(lambda: status_of(f"http://127.0.0.1:{port}/livez") == 200, seconds=90)
        wait_until(lambda: has_run_a_job(folder.path / "instance/tiktok_api.sqlite3"), seconds=90)
        is_working = worker.poll() is None

    assert (before.returncode, upgraded.returncode, after.returncode, is_working) == (1, 0, 0, True), after.stdout
    assert not (folder.path / "instance/instance").exists()


@pytest.mark.parametrize(
    ("place", "process"),
    [*(("the file", process) for process in PROCESSES)]
    + [
        pytest.param(
            "the environment", process, marks=[pytest.mark.long] if process not in ("worker", "doctor") else []
        )
        for process in PROCESSES
    ],
)
def test_a_wrong_setting_is_a_paragraph(folder, process, place):
    wrong = {"WORKER_THREADS": "hunter2", "DATABASE_URL": "mysql://u:hunter2@h/x", "SECRET_KEY": "hunter2"}
    folder.fill_in(**SIMULATED, **(wrong if place == "the file" else {}))

    done = folder.run(*PROCESSES[process], **(wrong if place == "the environment" else {}))

    said = done.stdout + done.stderr
    assert done.returncode not in (0, None)
    assert {name for name in wrong if f"{name}: must" in said} == set(wrong)
    assert "Traceback" not in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "process", sampled(["gunicorn", "gunicorn without its configuration", "worker", "serve", "doctor"], one_in=2)
)
@pytest.mark.parametrize(
    ("name", "value"),
    [("STORAGE_URL", "file://{blocked}/media"), ("DATABASE_URL", "sqlite:///{blocked}/x.sqlite3")],
)
def test_a_folder_that_cannot_be_made_is_a_paragraph(folder, process, name, value):
    (folder.path / "blocked").write_text("a file")
    folder.fill_in(**REQUIRED)

    bind = {"BIND": f"127.0.0.1:{free_port()}"}
    done = folder.run(*PROCESSES[process], **bind, **{name: value.format(blocked=folder.path / "blocked")})

    said = done.stdout + done.stderr
    assert done.returncode not in (0, None)
    assert f"{name}: " in said
    assert "Traceback" not in said


@pytest.mark.parametrize("process", ["upgrade", "worker", "doctor"])
def test_a_database_that_is_not_there_is_a_sentence(folder, process):
    folder.fill_in(**REQUIRED)

    done = folder.run(*PROCESSES[process], DATABASE_URL=f"postgres://u:hunter2@127.0.0.1:{free_port()}/x")

    said = done.stdout + done.stderr
    assert done.returncode not in (0, None)
    assert "cannot be used: " in said
    assert "DATABASE_URL" in said
    assert not {"Traceback", "hunter2"} & {word for word in ("Traceback", "hunter2") if word in said}


@pytest.mark.parametrize("process", ["gunicorn", "worker", "doctor", "import"])
def test_a_misspelt_name_is_pointed_out_by_every_process(folder, process):
    folder.fill_in(**REQUIRED)
    with (folder.path / ".env").open("a") as file:
        file.write("WORKER_THREAD=8\n")

    done = folder.run(*PROCESSES[process])

    assert done.returncode not in (0, None)
    assert "WORKER_THREAD: is no setting; did you mean WORKER_THREADS?" in done.stdout + done.stderr


@pytest.mark.parametrize("process", sampled(["gunicorn", "import", "doctor"], one_in=2))
@pytest.mark.parametrize("kind", ["latin-1", "folder"])
def test_a_file_that_cannot_be_read_is_a_paragraph(folder, process, kind):
    if kind == "folder":
        (folder.path / ".env").mkdir()
    else:
        (folder.path / ".env").write_bytes("SECRET_KEY=clé".encode("latin-1"))

    done = folder.run(*PROCESSES[process])

    said = done.stdout + done.stderr
    assert done.returncode not in (0, None)
    assert ".env: " in said
    assert "Traceback" not in said


def test_gunicorns_own_settings_are_read_from_the_file(folder):
    port = free_port()
    folder.fill_in(**REQUIRED, BIND=f"127.0.0.1:{port}", WEB_CONCURRENCY="2")

    with folder.running(*GUNICORN):
        wait_until(lambda: status_of(f"http://127.0.0.1:{port}/livez") == 200, seconds=90)
        wait_until(lambda: len(processes_below(folder.path)) == 3)  # one that watches, and two that serve


def test_credentials_for_s3_in_the_file_reach_the_api_and_the_doctor(folder, s3_server, simulator):
    port = free_port()
    folder.fill_in(
        **REQUIRED,
        BIND=f"127.0.0.1:{port}",
        STORAGE_URL=f"s3://{S3_BUCKET}/from-a-file",
        S3_ENDPOINT_URL=s3_server,
        TIKTOK_API_URL=simulator.url,
        TIKTOK_ALLOW_HTTP="true",
    )
    alone = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "none", "AWS_SHARED_CREDENTIALS_FILE": "none"}
    folder.run(*UPGRADE, **alone)
    without = folder.run(*DOCTOR, **alone)
    with (folder.path / ".env").open("a") as file:
        file.write("AWS_ACCESS_KEY_ID=testing\nAWS_SECRET_ACCESS_KEY=testing\nAWS_DEFAULT_REGION=us-east-1\n")

    told = folder.run(*DOCTOR, **alone)
    with folder.running(*GUNICORN, **alone):
        wait_until(lambda: status_of(f"http://127.0.0.1:{port}/livez") == 200, seconds=90)
        storage = requests.get(f"http://127.0.0.1:{port}/readyz", timeout=30).json()["checks"]["storage"]

    assert (without.returncode, told.returncode) == (1, 0), told.stdout
    assert storage["status"] == "ok"


def test_values_of_the_file_are_not_passed_on_as_environment(folder):
    folder.fill_in(**REQUIRED, BIND=f"127.0.0.1:{free_port()}")
    with (folder.path / ".env").open("a") as file:
        file.write("AWS_SESSION_TOKEN=of-today\n")

    def environment_of_gunicorn() -> bytes:
        place = Path("/proc") / str(serving.pid)
        return (
            place.joinpath("environ").read_bytes() if b"web_server" in place.joinpath("cmdline").read_bytes() else b""
        )

    with folder.running("tiktok_api", "serve") as serving:
        environment = wait_until(environment_of_gunicorn, seconds=90)

    assert b"PYTHONSAFEPATH=1" in environment
    assert b"of-today" not in environment  # with it, a file that changes would not be followed


@pytest.mark.parametrize("process", [WORKER, ("tiktok_api", "worker"), ("tiktok_api", "serve")])
def test_a_doubtful_name_is_logged(folder, process):
    folder.fill_in(**REQUIRED, BIND=f"127.0.0.1:{free_port()}")

    with folder.running(*process, WORKER_THREAD="8"):
        wait_until(lambda: "settings.doubtful" in (folder.path / "log").read_text(), seconds=90)
        wait_until(lambda: "WORKER_THREADS" in (folder.path / "log").read_text(), seconds=90)


def test_a_doubtful_name_is_in_the_log(folder):
    folder.fill_in(**REQUIRED)

    done = folder.run("wsgi", WORKER_THREAD="8")

    assert done.returncode == 0
    assert "WORKER_THREAD: is no setting" in done.stderr
