"""GET /analytics/export"""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import openpyxl
import pytest

from tests.auth.keys import make_key
from tests.databases import execute
from tiktok_api.errors import NotFound


@pytest.fixture
def export(owner):
    def get(query, person=owner):
        response = person.get(f"/analytics/export?{query}")
        assert response.status_code == 200, response.json
        return response

    return get


@pytest.fixture
def account(owner, make_account, read_profile, store_totals):
    """An account with readings on three of four days, of which one was lowered."""
    account_id = make_account(owner)
    for at, count in (("01", 90), ("02", 100), ("04", 95)):
        read_profile(account_id, f"2026-03-{at}T09:00Z", follower_count=count, following_count=7, likes_count=300)
        store_totals(account_id, f"2026-03-{at}T09:05Z", views=count * 10, views_gained=count * 10, likes_gained=count)
    return account_id


def rows_of(response):
    return list(csv.DictReader(io.StringIO(response.get_data(as_text=True), newline="")))


def lines_of(response):
    return [json.loads(line) for line in response.get_data().splitlines()]


def test_readings_are_exported_with_where_they_come_from(account, export):
    rows = rows_of(export("dataset=account_readings"))

    assert rows[2] == {
        "account_id": account,
        "username": "ada",
        "captured_at": "2026-03-04T09:00:00Z",
        "followers": "95",
        "following": "7",
        "likes": "300",
        "videos": "",
        "source": "user_info",
        "is_restated": "true",
        "reason": "left_out_by_tiktok",
        "definitions_version": "1",
    }
    assert [(row["followers"], row["is_restated"]) for row in rows[:2]] == [("90", "false"), ("100", "false")]


def test_a_window_bounds_readings_and_the_first_one_is_compared_with_the_one_before(account, export):
    [row] = rows_of(export("dataset=account_readings&from=2026-03-04&to=2026-03-04&timezone=UTC"))

    assert (row["followers"], row["is_restated"]) == ("95", "true")


@pytest.mark.parametrize("interval", ["day", "week"])
def test_a_series_has_the_numbers_of_the_api_in_each_format(account, owner, export, interval):
    query = f"from=2026-03-01&to=2026-03-05&timezone=Europe/Berlin&interval={interval}"
    path = f"/analytics/accounts/{account}/timeseries?{query}&metric="
    said = [point for metric in ("followers", "views") for point in owner.get(path + metric).json["points"]]
    asked = f"dataset=timeseries&metric=followers&metric=views&{query}"

    lines = lines_of(export(f"{asked}&format=ndjson"))
    rows = rows_of(export(asked))
    cells = sheet_of(export(f"{asked}&format=xlsx"))

    names = ("date", "value", "change", "captured_at", "changed_since", "is_restated", "reason")
    told = [tuple(point[name] for name in names) for point in said]
    assert [tuple(line[name] for name in names) for line in lines] == told
    assert [tuple(row[name] for name in names) for row in rows] == [
        tuple(as_cell(value) for value in row) for row in told
    ]
    header, *written = cells
    places = [header.index(name) for name in names]
    assert [tuple(row[place] for place in places) for row in written] == [tuple(map(as_excel, row)) for row in told]


def test_a_summary_has_the_numbers_of_the_api(account, owner, export):
    query = "from=2026-03-02&to=2026-03-05&timezone=UTC"
    said = owner.get(f"/analytics/accounts/{account}/summary?{query}").json

    lines = lines_of(export(f"dataset=summary&format=ndjson&{query}"))

    told = {line["metric"]: (line["value"], line["change"], line["reason"]) for line in lines}
    assert told.pop("engagement_rate")[0] == said["engagement_rate"]["value"]
    assert told == {name: tuple(said[name][part] for part in ("value", "change", "reason")) for name in told}
    assert len(told) == 7


def test_sums_against_the_window_before_have_the_numbers_of_the_api(account, owner, make_account, read_profile, export):
    other = make_account(owner, username="bob")
    for at, count in (("01", 5), ("04", 9)):
        read_profile(other, f"2026-03-{at}T10:00Z", follower_count=count)
    query = "from=2026-03-03&to=2026-03-05&timezone=UTC"
    names = ("value", "change", "change_compared", "change_before", "relative_change", "accounts_in_change", "reason")

    together = {line["metric"]: line for line in lines_of(export(f"dataset=overview&format=ndjson&{query}"))}
    each = lines_of(export(f"dataset=compare&format=ndjson&metric=followers&{query}"))
    said = owner.get(f"/analytics/summary?{query}").json
    compared = owner.get(f"/analytics/compare?account_ids={account}&account_ids={other}&{query}").json["accounts"]

    assert {name: together["followers"][name] for name in names} == {name: said["followers"][name] for name in names}
    assert together["engagement_rate"]["value"] == said["engagement_rate"]["value"]
    assert {line["account_id"]: [line[name] for name in names] for line in each} == {
        one["account_id"]: [one["followers"][name] for name in names] for one in compared
    }


@pytest.fixture
def two_more(owner, make_account, read_profile):
    """Accounts that were read once each."""
    for at, count in (("02", 5), ("04", 9)):
        read_profile(make_account(owner, username="bob"), f"2026-03-{at}T10:00Z", follower_count=count)


@pytest.mark.parametrize("window", ["from=2026-03-01&to=2026-03-05", "from=2026-03-01"])
def test_a_series_of_all_accounts_together_has_the_numbers_of_the_api(account, two_more, owner, export, window):
    query = f"{window}&timezone=Europe/Berlin&interval=week"

    lines = lines_of(export(f"dataset=timeseries_of_all&metric=followers&metric=views&format=ndjson&{query}"))

    said = owner.get(f"/analytics/timeseries?metric=followers&metric=views&{query}").json
    names = ("date", "value", "change", "accounts", "accounts_read", "accounts_in_change", "captured_at", "reason")
    points = [*said["points"], *said["others"][0]["points"]]
    assert [[line[name] for name in names] for line in lines] == [[point[name] for name in names] for point in points]


def test_the_window_before_one_that_is_not_over_is_that_of_the_api(owner, make_account, read_profile, export):
    now = datetime.now(UTC)
    account_id = make_account(owner)
    for hours, count in ((75, 10), (50, 20), (30, 40), (1, 90)):
        read_profile(account_id, (now - timedelta(hours=hours)).isoformat(), follower_count=count)
    query = f"from={(now - timedelta(days=1)).date()}&timezone=UTC"

    [line] = lines_of(export(f"dataset=overview&metric=followers&format=ndjson&{query}"))

    said = owner.get(f"/analytics/summary?{query}").json
    names = ("value", "change", "change_compared", "change_before", "relative_change", "captured_at", "reason")
    assert [line[name] for name in names] == [said["followers"][name] for name in names]
    assert line["before_from"] == said["before"]["from"]


def test_growth_and_engagement_have_the_numbers_of_the_api(account, owner, export):
    query = "from=2026-03-01&to=2026-03-05&timezone=UTC"

    [grown] = lines_of(export(f"dataset=growth&metric=followers&format=ndjson&{query}"))
    days = lines_of(export(f"dataset=engagement&format=ndjson&{query}"))

    said = owner.get(f"/analytics/growth?metric=followers&{query}").json
    assert (grown["change"], grown["average_per_day"]) == (said["total"]["change"], said["average_per_day"])
    assert (grown["best_day"], grown["best_change"]) == (said["best_day"]["date"], said["best_day"]["change"])
    assert [grown[name] for name in ("days", "days_counted", "days_unread")] == [
        said[name] for name in ("days", "days_counted", "days_unread")
    ]
    points = owner.get(f"/analytics/engagement?{query}").json["points"]
    names = ("date", "views", "likes", "comments", "shares", "reason")
    assert [[day[name] for name in names] for day in days] == [[point[name] for name in names] for point in points]
    assert [day["engagement_rate"] for day in days] == [point["value"] for point in points]


def test_the_same_request_as_of_then_gives_the_same_bytes(account, owner, read_profile, export):
    first = {form: export(f"dataset=account_readings&format={form}") for form in ("csv", "ndjson", "xlsx")}
    as_of = first["csv"].headers["X-As-Of"]
    before = {form: export(f"dataset=account_readings&format={form}&as_of={as_of}") for form in first}

    read_profile(account, datetime.now(UTC).isoformat(), follower_count=1_000)

    for form, response in before.items():
        again = export(f"dataset=account_readings&format={form}&as_of={as_of}")
        assert again.data == response.data
        assert again.headers["Content-Disposition"] == response.headers["Content-Disposition"]
    assert first["csv"].data == before["csv"].data
    assert len(rows_of(export("dataset=account_readings"))) == 4


def test_what_was_captured_later_does_not_count(account, export):
    rows = rows_of(export("dataset=timeseries&metric=followers&from=2026-03-01&as_of=2026-03-02&timezone=UTC"))

    assert [(row["date"], row["value"]) for row in rows] == [("2026-03-01", "90"), ("2026-03-02", "100")]
    assert rows[-1]["to"] == "2026-03-03T00:00:00Z"


def test_an_export_as_of_the_future_is_refused(account, owner):
    response = owner.get("/analytics/export?dataset=summary&as_of=2099-01-01")

    assert (response.status_code, response.json["code"]) == (422, "as_of_in_future")


def test_text_that_a_spreadsheet_would_run_has_an_apostrophe_and_numbers_do_not(
    owner, make_account, read_profile, export
):
    account_id = make_account(owner, username='=HYPERLINK("x")')
    read_profile(account_id, "2026-03-01T09:00Z", follower_count=-5)

    [row] = rows_of(export("dataset=account_readings"))
    [line] = lines_of(export("dataset=account_readings&format=ndjson"))
    _, cells = sheet_of(export("dataset=account_readings&format=xlsx"))

    assert (row["username"], row["followers"]) == ('\'=HYPERLINK("x")', "-5")
    assert (line["username"], line["followers"]) == ('=HYPERLINK("x")', -5)
    assert cells[1] == '=HYPERLINK("x")'


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝", "＋", "－", "＠"])
def test_every_sign_with_which_a_formula_may_begin_is_made_harmless(owner, make_account, read_profile, export, start):
    account_id = make_account(owner, username=f"{start}1+1")
    read_profile(account_id, "2026-03-01T09:00Z", follower_count=5)

    [row] = rows_of(export("dataset=account_readings"))

    assert row["username"] == f"'{start}1+1"


def test_an_export_breaks_off_if_an_account_is_deleted_meanwhile(owner, make_account, database_url):
    first, second = sorted(UUID(make_account(owner)).hex for _ in range(2))
    execute(
        database_url,
        """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
        INSERT INTO account_readings (id, account_id, captured_at, source, followers, followers_drops, following_drops,
                                      likes_drops, videos_drops, created_at)
        SELECT lower(hex(randomblob(16))), :account, strftime('%Y-%m-%d %H:%M:%f', '2026-03-01', i || ' seconds') || '000',
               'user_info', i, 0, 0, 0, 0, '2026-03-01 00:00:00.000000'
        FROM n
        """,
        account=first,
    )
    path = "/analytics/export?dataset=account_readings&from=2026-03-01&to=2026-03-02"
    pieces = iter(owner.get(path, buffered=False).response)
    whole = b"".join(owner.get(path, buffered=False).response)
    shown = next(pieces) + next(pieces)

    execute(database_url, "DELETE FROM accounts WHERE id = :id", id=second)

    assert len(shown) < len(whole)
    with pytest.raises(NotFound):
        list(pieces)


def test_a_number_beyond_excels_precision_is_text(owner, make_account, read_profile, export):
    account_id = make_account(owner)
    read_profile(account_id, "2026-03-01T09:00Z", follower_count=2**53 + 1, following_count=2**53)

    header, cells = sheet_of(export("dataset=account_readings&format=xlsx"))

    found = dict(zip(header, cells, strict=True))
    assert (found["followers"], found["following"]) == (str(2**53 + 1), 2**53)
    assert found["captured_at"] == datetime(2026, 3, 1, 9)  # noqa: DTZ001  # Excel knows no zones


def test_a_mark_is_written_where_it_is_asked_for(account, export):
    marked, plain = export("dataset=summary&bom=true").data, export("dataset=summary").data

    assert marked[:3] == b"\xef\xbb\xbf"
    assert plain[:10] == b"account_id"


def test_a_stranger_and_a_key_see_their_own_accounts_alone(account, owner, stranger, make_account, export):
    make_account(owner, username="bob")
    key = make_key(owner, scopes=["analytics:read"], account_ids=[account])

    seen = key.get("/analytics/export?dataset=summary")
    foreign = stranger.get(f"/analytics/export?dataset=summary&account_id={account}")

    assert {row["username"] for row in rows_of(seen)} == {"ada"}
    assert foreign.status_code == 404
    assert rows_of(export("dataset=summary", stranger)) == []


def test_what_counts_the_whole_account_is_not_told_apart_by_labels(account, owner):
    response = owner.get("/analytics/export?dataset=account_readings&label=spring")

    assert (response.status_code, response.json["code"]) == (422, "not_by_label")


def test_a_series_of_too_many_points_is_refused_before_anything_is_sent(account, owner):
    response = owner.get("/analytics/export?dataset=timeseries&from=2020-01-01")

    assert (response.status_code, response.json["code"]) == (422, "window_too_long")


def test_the_file_says_what_it_holds(account, export):
    response = export(
        "dataset=timeseries&metric=likes&from=2026-03-01&to=2026-03-04&as_of=2026-03-06T12:00:00Z&timezone=UTC"
    )

    name = "tiktok-timeseries_2026-03-01_2026-03-04_as-of-20260306T120000Z.csv"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response.headers["X-As-Of"] == "2026-03-06T12:00:00Z"


def sheet_of(response):
    book = openpyxl.load_workbook(io.BytesIO(response.data), read_only=True)
    return [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]


def as_cell(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def as_excel(value):
    if isinstance(value, str) and value[:2] == "20":
        return datetime.fromisoformat(value).replace(tzinfo=None)
    return value
