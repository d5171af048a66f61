"""What each look at the API asks of the database: nothing of the ORM, few statements, no transaction.

A new operation is held to this as soon as the document names it. It reads by `db.reads`.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, inspect, select

from tests.conftest import Person
from tests.contract.operations import MISSING, Operation, operations_of, some
from tests.contract.whole_day import spend_a_day
from tests.databases import on_each_database
from tests.db.statements import driver_statements
from tests.listening import listening
from tiktok_api.analytics.charts.kinds import ChartKind
from tiktok_api.analytics.models import AccountTotals, VideoTotals
from tiktok_api.db import db, transaction

NOT_ONLY_READS = {
    "finish_connection": "takes up what the browser brings back, in a transaction",
}
REFUSED_TO_A_KEY = {"list_sessions": 403, "list_api_keys": 403, "list_audit_entries": 403, "show_connection": 404}
MOST_STATEMENTS = 4
"""Of one look: whether the session has ended, the thing, and at most two kinds of its parts."""
OF_A_SCREEN = {"show_dashboard": 12, "show_overview": 7}
"""What takes the place of several looks, with at most so many."""
OF_A_RANKING = dict.fromkeys(("rank_posts", "draw_leaderboard", "draw_leaderboard_in_pixels"), 5)
"""The rows of the posts are found once their places are known, and so are what they are called and where they came from."""
OF_LINKED_CHARTS = {
    "show_linked_svg of comparison": 5,
    "show_linked_svg of leaderboard": 6,
    "show_linked_svg of post": 5,
    "show_linked_png": 5,
}
"""What the chart asks, and whose link it is."""
OF_MANY = {
    "list_posts": 3,
    "show_post": 2,
    "show_account_timeseries": 3,
    "show_me": 2,
    "list_accounts": 2,
    "list_media": 2,
}
"""What is asked most, with exactly so many; the first is whether the session has ended."""


@pytest.fixture
def app(make_app: Callable[..., Flask], simulator_urls: dict[str, str], each_database_url: str) -> Flask:
    """With the real clock: a clock that tests move is asked of the database each time."""
    return make_app(database_url=each_database_url, allow_test_clock=False, **simulator_urls)


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def looks(
    app: Flask, owner: Person, connect_account: Callable[..., str], run_jobs: Callable[[], int]
) -> dict[str, str]:
    """The path of every GET that only reads, by its name, with the ids of things that are there."""
    ids = spend_a_day(owner, connect_account, run_jobs)
    read_long_ago(app, UUID(ids["account_id"]))
    assert len(owner.get("/analytics/posts").json["data"]) > 20
    document = app.test_client().get("/openapi.json").json
    names = {o.document["operationId"]: path_of(o, ids) for o in operations_of(document) if o.method == "get"}
    names |= signed_links(owner, ids)
    assert NOT_ONLY_READS.keys() <= names.keys()
    return {name: path for name, path in names.items() if name not in NOT_ONLY_READS}


def read_long_ago(app: Flask, account_id: UUID) -> None:
    """Let the first sync of an account have been 40 days ago too: a window of 28 days has a reading before it and one in it."""
    with app.app_context(), transaction() as session:
        for model in (AccountTotals, VideoTotals):
            [row] = session.scalars(select(model).where(model.account_id == account_id))
            columns = {column.key for column in inspect(model).columns} - {"id", "created_at", "day"}
            values = {name: getattr(row, name) for name in columns}
            session.add(model(**values | {"captured_at": row.captured_at - timedelta(days=40)}))


def signed_links(owner: Person, ids: dict[str, str]) -> dict[str, str]:
    """The paths that only the server can sign, by the names of their operations."""
    account = owner.get(f"/accounts/{ids['account_id']}").json
    media = owner.get(f"/media/{ids['media_id']}").json
    [frame, *_] = owner.get(f"/media/{ids['media_id']}/frames").json["data"]
    [video, *_] = owner.get(f"/accounts/{ids['account_id']}/videos").json["data"]
    links = {
        "show_avatar": account["avatar_url"],
        "show_cover": video["cover_url"],
        "show_linked_content": media["content_url"],
        "show_linked_frame": frame["url"],
        "show_linked_report": owner.get(f"/analytics/reports/{ids['report_id']}").json["content_url"],
        "show_linked_thumbnail": media["thumbnail_url"],
    }
    about = {"series": {"account_id": ids["account_id"]}, "post": {"post_id": video["id"]}}
    for kind in ChartKind:
        wish = {"chart": {"kind": kind} | about.get(kind, {}), "format": "svg"}
        links[f"show_linked_svg of {kind}"] = owner.post("/analytics/chart-links", json=wish).json["url"]
    links["show_linked_svg"] = links.pop("show_linked_svg of series")
    links["show_linked_png"] = owner.post("/analytics/chart-links", json=wish | {"format": "png"}).json["url"]
    found = {name: link.partition("/api/v1")[2] for name, link in links.items()}
    return found | {"show_calendar_feed": f"/posts/calendar.ics?token={ids['feed_token']}"}


def path_of(operation: Operation, ids: dict[str, str]) -> str:
    path = operation.path.removeprefix("/api/v1")
    return re.sub(r"{(\w+)}", lambda found: ids.get(found[1], MISSING), path)


@contextmanager
def compiled_by_sqlalchemy(engine: Engine) -> Iterator[list[str]]:
    """Yields the statements that SQLAlchemy has made for this block; a read's own are made before, and run as text."""
    seen: list[str] = []

    def look(_connection: Any, _cursor: Any, statement: str, _values: Any, context: Any, _many: bool) -> None:
        if context.compiled is not None:
            seen.append(" ".join(statement.split())[:200])

    with listening(engine, "before_cursor_execute", look):
        yield seen


@on_each_database
def test_no_look_makes_a_query_of_the_orm(owner, looks, engine):
    made = {}
    for name, path in some(looks.items()):
        for query in ("", "?include_total=true&limit=1"):
            with compiled_by_sqlalchemy(engine) as statements:
                answer = owner.get(path + query)
            assert answer.status_code == 200 or (query and answer.status_code < 500), (name, answer.status_code)
            if statements:
                made[name, query] = statements

    assert made == {}


@on_each_database
def test_nor_does_a_look_with_a_confined_key(app, owner, looks, engine):
    account = owner.get("/accounts").json["data"][0]["id"]
    wish = {"name": "key", "scopes": ["read"], "account_ids": [account]}
    token = owner.post("/auth/api-keys", json=wish).json["token"]
    owner.get("/posts", headers={"Authorization": f"Bearer {token}"})  # the first use in a minute is written down

    made, refused = {}, {}
    for name, path in some(looks.items()):
        with compiled_by_sqlalchemy(engine) as statements:
            answer = owner.get(path, headers={"Authorization": f"Bearer {token}"})
        if answer.status_code != 200:
            refused[name] = answer.status_code
        if statements:
            made[name] = statements

    assert made == {}
    assert refused == REFUSED_TO_A_KEY


@on_each_database
def test_a_look_is_few_statements_without_a_transaction(owner, looks, engine):
    done = {}
    for name, path in some(looks.items()):
        owner.get(path)
        with driver_statements(engine) as statements:
            owner.get(path)
        done[name] = statements

    assert {name: words for name, words in done.items() if set(words) != {"SELECT"}} == {}
    most = dict.fromkeys(done, MOST_STATEMENTS) | OF_A_SCREEN | OF_A_RANKING | OF_LINKED_CHARTS
    assert {name: len(words) for name, words in done.items() if len(words) > most[name]} == {}
    assert {name: len(done[name]) for name in OF_MANY} == OF_MANY


@on_each_database
def test_what_the_orm_asks_would_be_found(app, engine):
    with app.app_context(), compiled_by_sqlalchemy(engine) as made, driver_statements(engine) as done:
        db.session.execute(db.text("select 1"))
        db.session.rollback()

    assert made == ["select 1"]
    assert "SELECT" in done
