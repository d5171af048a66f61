"""`make doctor`: what is wrong is said in words, with what to do about it."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import orjson
import pytest
from sqlalchemy import make_url

from tests.auth.mail_server import PASSWORD, USER, Inbox, certify, mail_server
from tests.cli.stub_server import answering, http
from tests.databases import execute
from tests.media.server_process import ROOT, environment_of
from tests.servers import S3_BUCKET, S3_CREDENTIALS, free_port
from tiktok_api.app import create_app
from tiktok_api.cli.chores import doctor
from tiktok_api.db import db
from tiktok_api.schema import revisions
from tiktok_api.settings import Settings

Report = dict[str, list[dict[str, str]]]


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as `db upgrade` leaves it; where it is goes here once it was made."""
    return tmp_path_factory.mktemp("migrated") / "migrated.sqlite3"


@pytest.fixture
def database(migrated: Path, base_settings: Settings, tmp_path: Path) -> Path:
    """A migrated database of this test's own."""
    if not migrated.exists():
        with create_app(base_settings.replace(database_url=f"sqlite:///{migrated}")).app_context():
            revisions.upgrade()
            db.engine.dispose()
    file = tmp_path / "doctor.sqlite3"
    shutil.copy(migrated, file)
    return file


@pytest.fixture
def examine(database, simulator, monkeypatch, capsys, tmp_path) -> Callable[..., tuple[int, Report]]:
    """The exit status and the findings by name, all being well but for what is named."""
    usual = {
        "DATABASE_URL": f"sqlite:///{database}",
        "TIKTOK_API_URL": simulator.url,
        "TIKTOK_AUTHORIZE_URL": f"{simulator.url}/v2/auth/authorize/",
        "RATE_LIMIT_ENABLED": "true",
        "MAIL_FROM": "no-reply@example.com",
    }
    monkeypatch.chdir(tmp_path)  # where no file of settings is

    def examine(**environment: str) -> tuple[int, Report]:
        for name, value in (usual | environment).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.argv", ["doctor", "--json"])
        status = doctor.main()
        said = capsys.readouterr().out
        assert "hunter2" not in said
        report: Report = {}
        for finding in orjson.loads(said)["findings"]:
            report.setdefault(finding.pop("name"), []).append(finding)
        return status, report

    return examine


def failed(report: Report) -> set[str]:
    return {name for name, findings in report.items() if any(finding["status"] == "failed" for finding in findings)}


def test_a_sound_configuration_has_no_problem(examine):
    status, report = examine()

    assert (status, failed(report)) == (0, set())
    looked_at = {"database", "schema", "workers", "jobs", "redis", "mail", "storage", "tiktok", "sandbox", "files"}
    assert report.keys() == {"settings", *looked_at}


def test_before_the_first_upgrade_the_command_is_named(examine, tmp_path):
    status, report = examine(DATABASE_URL=f"sqlite:///{tmp_path}/new.sqlite3")

    [schema] = report["schema"]
    assert (status, failed(report)) == (1, {"schema"})
    assert schema["message"] == "the database has no schema yet"
    assert "tiktok-api upgrade" in schema["hint"]


def test_people_get_lines(examine, monkeypatch, capsys, tmp_path):
    examine(DATABASE_URL=f"sqlite:///{tmp_path}/new.sqlite3")
    monkeypatch.setattr("sys.argv", ["doctor"])

    status = doctor.main()

    said = capsys.readouterr()
    assert status == 1
    assert "schema    failed  the database has no schema yet\n" in said.out
    assert "→ run: tiktok-api upgrade\n" in said.out
    assert not {"{", "Traceback", "Error"} & set(said.out.split())
    assert said.err == ""


def test_a_schema_that_is_not_this_versions_is_named(examine, database):
    execute(f"sqlite:///{database}", "update alembic_version set version_num = 'of another day'")

    status, report = examine()

    assert (status, failed(report)) == (1, {"schema"})
    assert "of another day" in report["schema"][0]["message"]


def test_tables_that_are_of_no_revision_are_said_to_be(examine, database):
    execute(f"sqlite:///{database}", "drop table alembic_version")

    status, report = examine()

    assert (status, failed(report)) == (1, {"schema"})
    assert report["schema"][0]["message"] == "the database has tables but does not say of which revision"


def test_dead_jobs_are_worth_a_warning(examine, database):
    execute(
        f"sqlite:///{database}",
        "insert into jobs (id, kind, unique_key, payload, status, due_at, epoch, enqueue_count, attempts, created_at)"
        " values ('0123', 'publish', 'x', '{}', 'dead', :now, 0, 0, 9, :now)",
        now="2026-01-01 00:00:00.000000",
    )

    status, report = examine()

    assert (status, report["jobs"][0]["status"]) == (0, "warning")
    assert "jobs dead" in report["jobs"][0]["hint"]


def test_tables_that_differ_from_the_revision_are_named(examine, database):
    execute(f"sqlite:///{database}", "alter table users drop column timezone")

    status, report = examine()

    assert (status, failed(report)) == (1, {"schema"})
    assert "users.timezone is missing" in report["schema"][0]["message"]


@pytest.mark.parametrize("seconds", [0, 3600])
def test_workers_that_have_died_are_a_failure_and_living_ones_are_not(examine, database, seconds):
    beat = f"{datetime.now(UTC) - timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S.%f}"
    execute(
        f"sqlite:///{database}",
        "insert into worker_heartbeats (id, host, pid, version, created_at, started_at, beat_at, threads, busy)"
        " values (:id, 'host', 1, 'x', :beat, :beat, :beat, 4, 0)",
        id="0" * 32,
        beat=beat,
    )

    status, report = examine()

    assert (status, report["workers"][0]["status"]) == ((1, "failed") if seconds else (0, "ok"))
    assert "tiktok-api worker" in report["workers"][0]["hint"] or not seconds


def test_a_folder_for_mail_that_cannot_be_written_to_has_failed(examine, tmp_path):
    (tmp_path / "blocked").write_text("a file")

    status, report = examine(MAIL_URL=f"file://{tmp_path}/blocked/mail")

    assert (status, failed(report)) == (1, {"mail"})
    assert "MAIL_URL" in report["mail"][0]["hint"]


@pytest.mark.parametrize("url", ["postgresql://u:hunter2@127.0.0.1:{port}/x", "sqlite:////proc/version"])
def test_a_database_that_cannot_be_used_is_named_and_the_rest_tried(examine, url):
    status, report = examine(DATABASE_URL=url.format(port=free_port()))

    assert (status, failed(report)) == (1, {"database"})
    assert "DATABASE_URL" in report["database"][0]["hint"]
    assert report["tiktok"][0]["status"] == "ok"


def test_a_user_that_the_database_does_not_know_is_named(examine, postgresql_server):
    url = make_url(postgresql_server).set(username="a-stranger", password="hunter2")

    status, report = examine(DATABASE_URL=url.render_as_string(hide_password=False))

    assert (status, failed(report)) == (1, {"database"})
    assert "a-stranger" in report["database"][0]["message"]


def test_redis_that_answers_is_fine(examine, redis_server):
    status, report = examine(REDIS_URL=redis_server)

    assert (status, report["redis"][0]["message"]) == (0, "Redis answers")


@pytest.mark.parametrize("words", [None, b"-NOAUTH Authentication required.\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_a_server_that_is_not_redis_has_failed(examine, words):
    with answering(words) as port:
        status, report = examine(REDIS_URL=f"redis://:hunter2@127.0.0.1:{port}/0")

    assert (status, failed(report)) == (1, {"redis"})
    assert "REDIS_URL" in report["redis"][0]["hint"]


def test_redis_that_is_not_there_has_failed(examine):
    status, report = examine(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")

    assert (status, failed(report)) == (1, {"redis"})
    assert "REDIS_URL" in report["redis"][0]["hint"]


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_mail_server_is_signed_in_to_and_given_nothing(examine, tmp_path, monkeypatch, scheme):
    certificate, inbox = certify(tmp_path), Inbox()
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    with mail_server(inbox, certificate=certificate, is_tls_from_the_start=scheme == "smtps") as port:
        status, report = examine(MAIL_URL=f"{scheme}://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{port}")

    assert (status, report["mail"][0]["status"], inbox.emails) == (0, "ok", [])


def test_a_wrong_password_for_mail_is_named(examine, tmp_path, monkeypatch):
    certificate = certify(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    with mail_server(Inbox(), certificate=certificate) as port:
        status, report = examine(MAIL_URL=f"smtp://{USER}:hunter2@127.0.0.1:{port}")

    assert (status, failed(report)) == (1, {"mail"})
    assert "password" in report["mail"][0]["message"]


def test_an_untrusted_certificate_is_named(examine, tmp_path):
    with mail_server(Inbox(), certificate=certify(tmp_path)) as port:
        status, report = examine(MAIL_URL=f"smtp://{USER}:hunter2@127.0.0.1:{port}")

    assert (status, failed(report)) == (1, {"mail"})
    assert "certificate" in report["mail"][0]["message"] + report["mail"][0]["hint"]


@pytest.mark.parametrize("words", [None, b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_server_that_is_not_a_mail_server_has_failed(examine, words):
    with answering(words) as port:
        status, report = examine(MAIL_URL=f"smtp://u:hunter2@127.0.0.1:{port}")

    assert (status, failed(report)) == (1, {"mail"})
    assert "MAIL_URL" in report["mail"][0]["hint"]


@pytest.mark.parametrize("bucket", [S3_BUCKET, "no-such-bucket"])
def test_a_bucket_is_written_read_and_cleared(examine, s3_server, monkeypatch, bucket):
    for name, value in S3_CREDENTIALS.items():
        monkeypatch.setenv(name, value)

    status, report = examine(STORAGE_URL=f"s3://{bucket}/doctor", S3_ENDPOINT_URL=s3_server)

    is_there = bucket == S3_BUCKET
    assert (status, failed(report)) == ((0, set()) if is_there else (1, {"storage"}))
    assert is_there or "S3_ENDPOINT_URL" in report["storage"][0]["hint"]


def test_nothing_is_left_in_the_folder_of_media(examine, tmp_path):
    examine(STORAGE_URL=(tmp_path / "examined").as_uri())

    assert [path for path in (tmp_path / "examined").rglob("*") if path.is_file()] == []


def test_a_folder_that_cannot_be_made_is_a_wrong_setting(examine):
    status, report = examine(STORAGE_URL="file:///proc/nowhere")

    assert (status, failed(report)) == (1, {"settings"})
    assert report["settings"][0]["message"].startswith("STORAGE_URL: ")


@pytest.mark.parametrize("http_status", [200, 400, 401])
def test_a_wrong_secret_differs_from_an_unreachable_tiktok(examine, simulator, http_status):
    simulator.control.knobs(oauth_error_status=http_status)

    status, report = examine(TIKTOK_CLIENT_SECRET="hunter2")

    assert (status, failed(report)) == (1, {"tiktok"})
    assert "refuses this app's key or secret" in report["tiktok"][0]["message"]
    assert "TIKTOK_CLIENT_SECRET" in report["tiktok"][0]["hint"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (None, "cannot be reached"),
        (http("200 OK", "<html>Please sign in to this Wi-Fi</html>", "text/html"), "is not TikTok's"),
        (http("200 OK", "{}"), "is not TikTok's"),
        (http("404 Not Found", "nothing here", "text/plain"), "is not TikTok's"),
        (http("502 Bad Gateway", "", "text/html"), "trouble of its own"),
        (http("200 OK", '{"error": "server_error", "error_description": "Oops."}'), "trouble of its own"),
    ],
)
def test_each_way_of_tiktok_to_be_away_has_its_own_words(examine, words, message):
    with answering(words) as port:
        status, report = examine(TIKTOK_API_URL=f"http://127.0.0.1:{port}")

    assert (status, failed(report)) == (1, {"tiktok"})
    assert message in report["tiktok"][0]["message"]
    assert report["tiktok"][0]["hint"]


def test_a_busy_tiktok_is_worth_a_warning(examine):
    with answering(http("429 Too Many Requests", '{"error": "rate_limit_exceeded"}')) as port:
        status, report = examine(TIKTOK_API_URL=f"http://127.0.0.1:{port}")

    assert (status, report["tiktok"][0]["status"]) == (0, "warning")


def test_one_failure_hides_no_other(examine):
    gone = free_port()

    status, report = examine(
        DATABASE_URL=f"postgresql://u:hunter2@127.0.0.1:{gone}/x",
        REDIS_URL=f"redis://127.0.0.1:{gone}",
        MAIL_URL=f"smtp://127.0.0.1:{gone}",
        STORAGE_URL="s3://bucket",
        S3_ENDPOINT_URL=f"http://127.0.0.1:{gone}",
        TIKTOK_API_URL=f"http://127.0.0.1:{gone}",
        AWS_ACCESS_KEY_ID="x",
        AWS_SECRET_ACCESS_KEY="hunter2",
        AWS_DEFAULT_REGION="us-east-1",
    )

    assert (status, failed(report)) == (1, {"database", "redis", "mail", "storage", "tiktok"})
    assert all(finding["hint"] for findings in report.values() for finding in findings if finding["status"] == "failed")


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"WEB_CONCURRENCY": "2"}, {"WEB_CONCURRENCY"}),
        ({"PUBLIC_URL": "http://api.example.com", "REGISTRATION": "closed"}, {"PUBLIC_URL"}),
        ({"PUBLIC_URL": "https://api.example.com"}, {"MAIL_URL"}),
        ({"EMAIL_VERIFICATION": "true"}, {"EMAIL_VERIFICATION"}),
        ({"TRUSTED_PROXIES": "1", "BIND": "0.0.0.0:80"}, {"BIND"}),
        ({"X_ACCEL_PREFIX": "/media-files/"}, {"TRUSTED_PROXIES"}),
        ({"MEDIA_QUOTA_BYTES_PER_USER": "1000"}, {"MEDIA_QUOTA_BYTES_PER_USER"}),
        ({"MEDIA_QUOTA_BYTES_PER_USER": "0"}, {"MEDIA_QUOTA_BYTES_PER_USER"}),
        ({"MEDIA_QUOTA_FILES_PER_USER": "0"}, {"MEDIA_QUOTA_FILES_PER_USER"}),
        ({"MEDIA_QUOTA_FILES_PER_USER": "0", "REGISTRATION": "closed"}, set()),
        ({"SECRET_KEY": "0123456789abcdef" * 4}, {"SECRET_KEY"}),
        ({"WORKER_THREAD": "8"}, {"WORKER_THREAD"}),
    ],
)
def test_doubtful_settings_are_shown_and_allowed(examine, environment, named):
    status, report = examine(**environment)

    doubtful = [finding for finding in report["settings"] if finding["status"] == "warning"]
    assert status == 0
    assert {finding["message"].partition(":")[0] for finding in doubtful} == named


@pytest.mark.parametrize(("registration", "seen"), [("open", ["ok", "warning"]), ("closed", ["ok"])])
def test_a_disk_that_one_new_user_may_fill_is_named(examine, registration, seen):
    status, report = examine(REGISTRATION=registration, MEDIA_QUOTA_BYTES_PER_USER=str(2**59))

    assert (status, [finding["status"] for finding in report["storage"]]) == (0, seen)


def test_a_database_that_others_can_read_is_named(examine, database):
    database.chmod(0o644)
    _, before = examine()
    for kept in database.parent.glob(f"{database.name}*"):
        kept.chmod(0o600)
    _, after = examine()

    assert {finding["status"] for finding in before["files"]} == {"warning"}
    assert f"chmod 600 '{database}'" in before["files"][0]["hint"]
    assert [finding["status"] for finding in after["files"]] == ["ok"]


def test_media_that_nginx_may_not_read_are_named(examine, tmp_path, database):
    database.chmod(0o600)
    media = tmp_path / "media"
    (media / "ab" / "cd").mkdir(parents=True)
    for folder in (media, media / "ab", media / "ab" / "cd"):
        folder.chmod(0o750)
    (media / "ab" / "cd" / "stored").touch(0o400)

    _, report = examine(STORAGE_URL=media.as_uri(), X_ACCEL_PREFIX="/media-files/")

    assert "nginx" in report["files"][0]["message"]


def test_a_machine_without_seccomp_is_named(tmp_path, database):
    environment = environment_of(f"sqlite:///{database}", tmp_path)
    without = [sys.executable, "-m", "tests.media.inspection.without_seccomp", sys.executable]

    done = subprocess.run(
        [*without, "-m", "tiktok_api", "doctor", "--json"], cwd=ROOT, env=environment, capture_output=True, check=False
    )

    found = {finding["name"]: finding for finding in orjson.loads(done.stdout)["findings"]}
    assert found["sandbox"]["status"] == "warning"
    assert "seccomp" in found["sandbox"]["hint"]
