"""The file of settings: how it may be written, and what is said when it cannot be read."""

import os
from pathlib import Path

import pytest

from tiktok_api.cli.chores import env_example
from tiktok_api.settings import NAMES, SettingsInvalid, load


def test_the_example_is_what_the_settings_declare():
    assert env_example.FILE.read_text(encoding="utf-8") == env_example.text()


def test_every_heading_of_the_example_stands_over_a_setting():
    assert env_example.TOPICS.keys() <= set(NAMES.values())


@pytest.mark.parametrize(
    "text",
    [
        "WORKER_THREADS=8",
        "WORKER_THREADS = 8",
        "  WORKER_THREADS=8  ",
        "export WORKER_THREADS=8",
        'WORKER_THREADS="8"',
        "WORKER_THREADS='8'",
        "WORKER_THREADS=8 # many",
        "# many\r\nWORKER_THREADS=8\r\n",
        "\n\nWORKER_THREADS=8",
        b"\xef\xbb\xbfWORKER_THREADS=8\n",
        "WORKER_THREADS=2\nWORKER_THREADS=8\n",
        "N=8\nWORKER_THREADS=${N}",
    ],
)
def test_a_line_may_be_written_as_people_write_it(read, text):
    assert read(text).worker_threads == 8


def test_the_environment_wins_over_the_file(read, monkeypatch):
    monkeypatch.setenv("WORKER_THREADS", "3")

    assert read("WORKER_THREADS=8").worker_threads == 3


def test_without_a_file_the_defaults_hold(read, tmp_path):
    read()

    assert load(tmp_path / "no such file").worker_threads == 4


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("SECRET_KEY=é".encode("latin-1"), "UTF-8"),
        ("WORKER_THREADS=8".encode("utf-16"), "UTF-8"),
        (b"X" * 2_000_000, "larger than"),
        (b"WORKER_THREADS=8\n\nWORKER THREADS=hunter2\n", "line 3"),
        (b"WORKER_THREADS: hunter2\n", "line 1"),
        (b"hunter2\n", "line 1"),
        (b"WORKER_THREADS='hunter2\n", "line 1"),
        (b"WORKER_THREADS=8\0\n", "WORKER_THREADS"),
        (b"AWS_PROFILE=a\0b\n", "AWS_PROFILE"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(read, content, said):
    with pytest.raises(SettingsInvalid) as caught:
        read(content)

    [problem] = caught.value.problems
    assert said in problem
    assert "hunter2" not in problem


def test_a_folder_is_no_file(read, tmp_path):
    read()
    (tmp_path / "folder").mkdir()

    with pytest.raises(SettingsInvalid, match="cannot be read"):
        load(tmp_path / "folder")


def test_a_link_that_leads_nowhere_is_named(read, tmp_path):
    read()
    (tmp_path / "link").symlink_to(tmp_path / "gone")

    with pytest.raises(SettingsInvalid, match="cannot be read"):
        load(tmp_path / "link")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_of_another_user_is_named(read, tmp_path):
    read()
    (tmp_path / ".env").chmod(0)

    with pytest.raises(SettingsInvalid, match="Permission denied"):
        load(tmp_path / ".env")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("WORKER_THREAD", "WORKER_THREADS"),
        ("DATABSE_URL", "DATABASE_URL"),
        ("secret_key", "SECRET_KEY"),
        ("MEDIA-MAX-BYTES", "MEDIA_MAX_BYTES"),
        ("TIKTOK_CLIENT_SECRETS", "TIKTOK_CLIENT_SECRET"),
        ("WEB_CONCURENCY", "WEB_CONCURRENCY"),
    ],
)
def test_a_misspelt_name_is_pointed_out(read, written, meant):
    with pytest.raises(SettingsInvalid) as caught:
        read(f"{written}=8")

    [problem] = caught.value.problems
    assert problem.startswith(f"{written}: ")
    assert meant in problem


def test_a_misspelt_name_in_the_environment_is_only_worth_a_remark(read, monkeypatch):
    monkeypatch.setenv("WORKER_THREAD", "8")

    [remark] = read().remarks

    assert remark.startswith("WORKER_THREAD: ")
    assert "WORKER_THREADS" in remark


def test_a_name_like_none_of_ours_is_worth_a_remark(read):
    [remark] = read("COLOUR_OF_THE_SHED=green").remarks

    assert remark.startswith("COLOUR_OF_THE_SHED: ")
    assert "green" not in remark


def test_settings_of_programs_that_share_the_file_are_no_mistake(read):
    assert (
        read("AWS_REGION=eu\nPOSTGRES_PASSWORD=x\nCOMPOSE_PROJECT_NAME=x\nHTTPS_PROXY=http://p\nTZ=UTC").remarks == ()
    )


def test_variables_of_boto3_are_passed_on_and_follow_the_file(read, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "from-the-environment")
    monkeypatch.setenv("AWS_PROFILE", "")
    read("AWS_ACCESS_KEY_ID=first\nAWS_DEFAULT_REGION=from-the-file\nAWS_SESSION_TOKEN=old\n")
    first = os.environ["AWS_ACCESS_KEY_ID"]

    read("AWS_ACCESS_KEY_ID=second\n")

    assert (first, os.environ["AWS_ACCESS_KEY_ID"]) == ("first", "second")
    assert os.environ["AWS_DEFAULT_REGION"] == "from-the-environment"
    assert not {"AWS_SESSION_TOKEN", "AWS_PROFILE"} & os.environ.keys()


@pytest.mark.parametrize("url", ["postgres://u:p%40@db:5432/x", "postgresql://u:p%40@db:5432/x"])
def test_postgresql_means_psycopg_3(read, url):
    assert read(f"DATABASE_URL={url}").database_url == "postgresql+psycopg://u:p%40@db:5432/x"


def test_a_relative_database_begins_where_the_process_is_started(read, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert read("DATABASE_URL=sqlite:///below/x.sqlite3").database_url == f"sqlite:///{tmp_path}/below/x.sqlite3"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite://below/x.sqlite3", "mysql://db/x"])
def test_a_database_that_processes_cannot_share_is_refused(read, url):
    with pytest.raises(SettingsInvalid, match="DATABASE_URL"):
        read(f"DATABASE_URL={url}")


def test_secrets_of_a_demo_are_read_by_no_other_process(read, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("instance").mkdir()
    Path("instance/secrets.env").write_text("SECRET_KEY=of the demo, forty characters or more of it\n")

    with pytest.raises(SettingsInvalid, match="SECRET_KEY: must be set"):
        read(needed={"TIKTOK_CLIENT_KEY": "key", "TIKTOK_CLIENT_SECRET": "secret"})
