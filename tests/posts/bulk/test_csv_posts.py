"""POST /posts/bulk with CSV, and the template"""

import csv
import io
import os
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.auth.keys import make_key
from tests.contract.operations import MISSING
from tests.databases import on_each_database
from tests.posts.bulk.sheets import faults_of, send, sheet
from tests.posts.times import NEXT_YEAR
from tests.web.problems import assert_problem
from tiktok_api.posts.bulk.table import read_table, write_table

SPREADSHEET = shutil.which("soffice") or shutil.which("libreoffice")
HEADER = ["caption", "privacy_level", "consent", "media_ids", "account_ids", "publish_at", "local_time", "timezone"]


@pytest.fixture
def row(shared):
    """The cells of a row below HEADER."""

    def make(caption="Hello", publish_at="", local_time="", timezone="", account="", consent="TRUE"):
        account_id = account or shared["targets"][0]["account_id"]
        return [caption, "SELF_ONLY", consent, *shared["media_ids"], account_id, publish_at, local_time, timezone]

    return make


WAYS = [(",", "\r\n", "utf-8"), (";", "\r\n", "utf-8-sig"), ("\t", "\n", "utf-8"), (";", "\n", "utf-8")]


@pytest.mark.parametrize(("separator", "end", "encoding"), WAYS, ids=str)
def test_a_file_of_any_spreadsheet_program_is_read(owner, row, separator, end, encoding):
    caption = 'Two lines;\r\nwith "quotes", commas\tand 🎬 שלום'
    rows = [row(caption, publish_at=NEXT_YEAR), row("Local", local_time="2027-03-02 12:00", timezone="Europe/Berlin")]

    answer = send(owner, sheet(HEADER, *rows, separator=separator, end=end, encoding=encoding))

    posts = [owner.get(f"/posts/{each['post_id']}").json for each in answer.json["results"]]
    assert [post["caption"] for post in posts] == [caption, "Local"]
    assert [post["status"] for post in posts] == ["scheduled", "scheduled"]
    assert posts[1]["publish_at"] == "2027-03-02T11:00:00Z"


def test_each_fault_names_its_row_and_its_column(owner, row):
    table = sheet(
        [*HEADER, "allow_duet", "video_cover_timestamp_ms"],
        [*row(publish_at="tomorrow"), "perhaps", "1.5"],
        [],
        [*row(consent="false", publish_at=NEXT_YEAR), "False", " 1000 "],
        [*row(account=f"{MISSING}|42"), "", ""],
        [*row(), "", "", "", "one too many"],
        [*row(), "", "", "", ""],
    )

    answer = send(owner, table)

    assert sorted(faults_of(answer)) == [
        (1, "allow_duet", "wrong_type"),
        (1, "publish_at", "wrong_type"),
        (1, "video_cover_timestamp_ms", "wrong_type"),
        (3, "consent", "consent_missing"),
        (4, "account_ids", "unknown_account"),
        (4, "account_ids", "wrong_type"),
        (5, "", "too_many_cells"),
    ]
    assert [(each["row"], each["status"]) for each in answer.json["results"]][-1] == (6, "created")


def test_all_or_nothing_names_rows_and_columns_too(owner, row):
    answer = send(owner, sheet(HEADER, row(), row(publish_at="x")), "?all_or_nothing=true")

    [fault] = assert_problem(answer, 422, "rows_refused")["errors"]
    assert (fault["pointer"], fault["row"], fault["column"]) == ("/posts/1/publish_at", 2, "publish_at")
    assert owner.get("/posts").json["data"] == []


def test_accounts_may_be_named_by_their_usernames(owner, row, connect_account, run_jobs):
    connect_account(owner, "grace")
    run_jobs()
    names = {each["username"]: each["id"] for each in owner.get("/accounts").json["data"]}
    both = " ".join(f"@{name.upper()}" for name in names)

    answer = send(owner, sheet(HEADER, row(account=both), row(account="@nobody_here")))

    post = owner.get(f"/posts/{answer.json['results'][0]['post_id']}").json
    assert {target["account_id"] for target in post["targets"]} == set(names.values())
    assert len(names) == 2
    assert faults_of(answer) == [(2, "account_ids", "unknown_account")]


def test_a_username_beyond_the_accounts_of_a_key_is_unknown(owner, row, shared, connect_account, run_jobs):
    connect_account(owner, "grace")
    run_jobs()
    [hers] = [target["account_id"] for target in shared["targets"]]
    names = {each["id"]: each["username"] for each in owner.get("/accounts").json["data"]}
    key = make_key(owner, account_ids=[hers])

    answer = send(key, sheet(HEADER, *(row(account=f"@{name}") for name in [names.pop(hers), *names.values()])))

    assert answer.json["created"] == 1
    assert faults_of(answer) == [(2, "account_ids", "unknown_account")]


def test_a_row_with_an_unknown_username_is_told_all_else_that_is_wrong(owner, row):
    table = sheet(
        [*HEADER, "allow_duet"],
        [*row(account="@nobody_here", publish_at=NEXT_YEAR, consent="false"), ""],
        [*row(account="@nobody_here"), "perhaps"],
    )

    answer = send(owner, table)

    assert sorted(faults_of(answer)) == [
        (1, "account_ids", "unknown_account"),
        (1, "consent", "consent_missing"),
        (2, "account_ids", "unknown_account"),
        (2, "allow_duet", "wrong_type"),
    ]
    [first, second] = [each["problem"]["errors"] for each in answer.json["results"]]
    assert {each.get("found") for each in first + second if each["column"] == "account_ids"} == {"@nobody_here"}


@on_each_database
def test_a_row_with_more_usernames_than_a_statement_has_parameters_is_refused_and_no_other(owner, row):
    many = [
        row(account="|".join(f"@{number:x}" for number in range(first, first + 14_000)))
        for first in range(0, 70_000, 14_000)
    ]

    answer = send(owner, sheet(HEADER, row(), *many))

    assert answer.status_code == 200, answer.json
    assert (answer.json["created"], answer.json["refused"]) == (1, 5)


def test_a_strangers_username_is_unknown(owner, stranger, row, connect_account, run_jobs):
    connect_account(stranger, "grace")
    run_jobs()
    [name] = [each["username"] for each in stranger.get("/accounts").json["data"]]

    answer = send(owner, sheet(HEADER, row(account=f"@{name}")))

    assert faults_of(answer) == [(1, "account_ids", "unknown_account")]


def test_a_cell_holds_several_labels_between_bars(owner):
    answer = send(owner, sheet(["labels"], ["summer | new shoes"]))

    assert owner.get(f"/posts/{answer.json['results'][0]['post_id']}").json["labels"] == ["summer", "new shoes"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (
            sheet(["caption", "colour", "captions"], ["a"]),
            [("unknown_column", "colour"), ("unknown_column", "captions")],
        ),
        (sheet(["caption", "type", "caption"], ["a"]), [("repeated", "caption")]),
        (sheet([" caption", "", "type"], ["a"]), [("unknown_column", "")]),
        (sheet([], ["a"]), [("required", None)]),
        (b"\xef\xbb\xbf", [("required", None)]),
        (sheet(["caption"], *[["x"]] * 101), [("too_many_rows", None)]),
        (sheet(["caption"], [""], ["", ""]), [("invalid", None)]),
    ],
    ids=["unknown", "twice", "unnamed", "no header", "empty", "too long", "no rows"],
)
def test_a_file_that_is_wrong_as_a_whole_is_refused_by_name(owner, body, found):
    faults = assert_problem(send(owner, body), 422)["errors"]

    assert [(fault["code"], fault.get("column")) for fault in faults] == found


def test_columns_that_a_program_has_added_are_no_fault(owner):
    answer = send(owner, b"caption,,\r\na,,\r\n,,\r\nb\r\n")

    assert [each["row"] for each in answer.json["results"]] == [1, 3]


@pytest.mark.parametrize(
    "body",
    [b"caption\n\xff\xfe", b'caption\n"a', b'caption\n"a"b', b"caption\na\0b"],
    ids=["bytes", "open", "odd", "nul"],
)
def test_what_is_no_csv_in_utf_8_is_refused(owner, body):
    assert_problem(send(owner, body), 400, "malformed_csv")


def test_a_file_in_another_encoding_is_refused_for_what_it_is(owner):
    answer = send(
        owner, sheet(["caption"], ["Grüße"], encoding="cp1252"), content_type="text/csv; charset=windows-1252"
    )

    assert_problem(answer, 400, "malformed_csv")


def test_a_file_of_more_than_a_mebibyte_is_refused(owner):
    assert_problem(send(owner, b"caption\n" + b"x" * 2**20), 413)


def test_the_same_key_with_a_file_acts_once_and_with_another_file_not_at_all(owner, row):
    first, key = sheet(HEADER, row("One")), {"Idempotency-Key": "file"}

    answers = [send(owner, first, headers=key) for _ in range(2)]
    other = send(owner, sheet(HEADER, row("Two")), headers=key)

    assert answers[0].data == answers[1].data
    assert_problem(other, 422, "idempotency_key_reused")
    assert [post["caption"] for post in owner.get("/posts").json["data"]] == ["One"]


def test_the_template_filled_in_is_accepted(owner, shared):
    template = owner.get("/posts/bulk/template.csv")
    header, example = csv.reader(io.StringIO(template.data.decode("utf-8-sig"), newline=""))
    filled = dict(zip(header, example, strict=True)) | {"media_ids": shared["media_ids"][0]}
    filled["account_ids"] = shared["targets"][0]["account_id"]

    untouched = send(owner, template.data)
    answer = send(owner, sheet(header, list(filled.values())))

    assert template.headers["Content-Disposition"] == 'attachment; filename="posts.csv"'
    assert template.content_type == "text/csv; charset=utf-8"
    assert template.data.startswith(b"\xef\xbb\xbf")
    assert sorted(faults_of(untouched)) == [(1, "account_ids", "unknown_account"), (1, "media_ids", "unknown_media")]
    assert answer.json["created"] == 1, answer.json
    assert owner.get(f"/posts/{answer.json['results'][0]['post_id']}").json["status"] == "scheduled"


def test_the_template_has_a_column_for_each_field_of_a_draft(app, owner):
    draft = app.test_client().get("/openapi.json").json["components"]["schemas"]["PostDraft"]["properties"]

    header = next(csv.reader(io.StringIO(owner.get("/posts/bulk/template.csv").data.decode("utf-8-sig"))))

    assert set(header) == set(draft) - {"targets"} | {"account_ids"}


@pytest.mark.skipif(SPREADSHEET is None, reason="no LibreOffice on this machine")
@pytest.mark.parametrize("kind", ["ods", "xlsx"])
def test_a_file_that_went_through_libreoffice_is_accepted(owner, row, tmp_path, kind):
    caption = 'Two lines;\nwith "quotes", commas, =1+1 and 🎬 שלום'
    source = tmp_path / "posts.csv"
    source.write_bytes(sheet(HEADER, row(caption, local_time="2199-03-02T12:00", timezone="Europe/Berlin")))

    convert(source, kind)
    convert(
        source.with_suffix(f".{kind}").rename(tmp_path / f"back.{kind}"), "csv:Text - txt - csv (StarCalc):44,34,76,1"
    )
    answer = send(owner, (tmp_path / "back.csv").read_bytes())

    assert answer.json["created"] == 1, answer.json
    assert owner.get(f"/posts/{answer.json['results'][0]['post_id']}").json["caption"] == caption


def convert(source, kind):
    """Open a file as a person would, UTF-8 with commas, and save it as another kind."""
    command = [
        SPREADSHEET,
        "--headless",
        "--infilter=CSV:44,34,76,1",
        "--convert-to",
        kind,
        "--outdir",
        source.parent,
        source,
    ]
    if source.suffix != ".csv":
        del command[2]
    subprocess.run(command, check=True, timeout=120, env={"HOME": str(source.parent), "PATH": os.environ["PATH"]})


TEXTS = st.text(
    st.one_of(
        st.sampled_from('",;\t\r\n\'"=+-@|🎬é\u200f\u05e9'),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(rows=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5), way=st.sampled_from(WAYS))
def test_every_text_comes_back_from_a_file_as_it_was(rows, way):
    separator, end, encoding = way

    # Python's writer does not quote a lone CR where lines end with LF.
    quoting = csv.QUOTE_MINIMAL if end == "\r\n" else csv.QUOTE_ALL
    body = sheet(["caption", "title"], *rows, separator=separator, end=end, encoding=encoding, quoting=quoting)

    table = read_table(body)

    assert [tuple(record.cells) for record in table.records] == rows
    assert table.header == ["caption", "title"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXTS, min_size=1, max_size=8))
def test_every_caption_in_a_file_is_the_caption_of_its_post(owner, texts):
    answer = send(owner, sheet(["caption"], *([text] for text in texts)))

    captions = [owner.get(f"/posts/{each['post_id']}").json["caption"] for each in answer.json["results"]]
    assert captions == texts


@given(cells=st.lists(TEXTS, min_size=1, max_size=4))
def test_no_cell_that_is_written_is_a_formula(cells):
    written = csv.reader(io.StringIO(write_table([cells]).decode("utf-8-sig"), newline=""))

    [record] = written
    assert [cell for cell in record if cell[0] in "=+-@\t\r"] == []
    assert [
        cell.removeprefix("'") if before[0] != "'" else cell for cell, before in zip(record, cells, strict=True)
    ] == cells
