"""tiktok-api accounts and export"""

import csv
import io
import json

import pytest


@pytest.fixture
def ada(owner, connect_account, run_jobs) -> str:
    account_id = connect_account(owner, "ada")
    run_jobs()
    return account_id


def test_accounts_of_all_users_are_listed(owner, stranger, connect_account, operator):
    connect_account(owner, "ada")
    connect_account(stranger, "grace")

    rows = operator.read("accounts", "list")
    mine = operator.read("accounts", "list", "--user", "owner@example.com")

    assert [(row["username"], row["owner"]) for row in rows] == [
        ("ada", "owner@example.com"),
        ("grace", "stranger@example.com"),
    ]
    assert [row["username"] for row in mine] == ["ada"]
    assert operator.read("accounts", "list", "--status", "expired") == []


def test_no_listing_shows_a_token(ada, operator):
    shown = operator("accounts", "list").output + operator("accounts", "show", "@ada", "--json").output

    assert "sealed" not in shown
    assert "act." not in shown


@pytest.mark.parametrize("name", ["@ada", "ada", None], ids=["at", "username", "id"])
def test_an_account_is_shown_by_any_of_its_names(ada, operator, name):
    shown = operator.read("accounts", "show", name or ada)

    assert (shown["id"], shown["status"], shown["owner"]) == (ada, "active", "owner@example.com")


def test_an_unknown_account_is_a_sentence(operator):
    refused = operator("accounts", "show", "@unknown")

    assert refused.exit_code == 1
    assert "There is no account @unknown." in refused.stderr


def test_sync_has_the_worker_read_accounts_again(owner, ada, operator, run_jobs):
    before = owner.get(f"/accounts/{ada}").json["synced_at"]

    done = operator("accounts", "sync", "--all")
    run_jobs()

    assert done.exit_code == 0, done.output
    assert owner.get(f"/accounts/{ada}").json["synced_at"] > before


def test_sync_of_nothing_is_refused_as_usage(operator):
    assert operator("accounts", "sync").exit_code == 2


def test_readings_are_exported_as_they_were_read(owner, ada, operator):
    account = owner.get(f"/accounts/{ada}").json

    exported = operator("export", "@ada", "--data", "readings")

    rows = list(csv.DictReader(io.StringIO(exported.stdout)))
    assert rows
    assert int(rows[-1]["followers"]) == account["follower_count"]
    assert rows[-1]["captured_at"].endswith("Z")


def test_videos_are_exported_as_the_api_lists_them(owner, ada, operator):
    listed = owner.get(f"/accounts/{ada}/videos?limit=100").json["data"]
    assert listed

    exported = operator("export", ada, "--data", "videos", "--format", "ndjson")

    rows = [json.loads(line) for line in exported.stdout.splitlines()]
    assert {row["video_id"] for row in rows} == {video["video_id"] for video in listed}


def test_the_counters_of_each_video_are_exported(ada, operator):
    rows = operator("export", "@ada", "--data", "video-readings", "--format", "ndjson").stdout.splitlines()

    assert rows
    assert json.loads(rows[0]).keys() == {"video_id", "captured_at", "views", "likes", "comments", "shares"}


def test_an_export_is_bounded_in_time_and_written_to_a_file(ada, operator, tmp_path):
    file = tmp_path / "readings.csv"

    operator("export", "@ada", "--to", "2020-01-01", "--output", str(file))

    assert file.read_text().splitlines() == ["captured_at,followers,following,likes,videos"]


def test_another_accounts_numbers_are_not_among_them(owner, ada, connect_account, run_jobs, operator):
    connect_account(owner, "grace")
    run_jobs()

    exported = [
        operator("export", name, "--data", "videos", "--format", "ndjson").stdout for name in ("@ada", "@grace")
    ]

    ids = [{json.loads(line)["video_id"] for line in lines.splitlines()} for lines in exported]
    assert all(ids)
    assert not ids[0] & ids[1]


def test_text_that_a_spreadsheet_would_calculate_is_disarmed_in_csv_alone(
    owner, connect_account, run_jobs, simulator, operator
):
    simulator.control.seed_videos("newcomer", title="=1+1")
    account_id = connect_account(owner, "newcomer")
    run_jobs()

    as_csv = operator("export", account_id, "--data", "videos").stdout
    as_ndjson = operator("export", account_id, "--data", "videos", "--format", "ndjson").stdout

    (row,) = csv.DictReader(io.StringIO(as_csv))
    assert "'=1+1" in row.values()
    assert "=1+1" in json.loads(as_ndjson).values()
