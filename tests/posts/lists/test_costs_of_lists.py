"""What a page of posts costs among many, in rows that PostgreSQL reads or steps that SQLite takes: the last page as much as the first."""

from collections.abc import Callable
from dataclasses import asdict
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, event

from benchmarks import scale_rows
from tests.conftest import Person
from tests.databases import make_tables, new_database, on_each_database
from tiktok_api.auth.models import User
from tiktok_api.auth.services import start_session
from tiktok_api.auth.tokens import mint
from tiktok_api.db import db, transaction
from tiktok_api.db.search_indexes import build_indexes

pytestmark = pytest.mark.xdist_group("databases full of posts")

POSTS = 20_000  # a tenth of them the owner's
LIMIT = 20
ADA, BOB, LAST, STRANGERS = (scale_rows.account_id(number) for number in (1, 2, 10, 11))
DAY = "from=2025-01-04T00:00:00Z&to=2025-01-04T12:00:00Z"
FILTERS = {
    "none": "",
    "a status that most have": "status=published",
    "a status that few have": "status=cancelled",
    "a status that none has": "status=delivered",
    "several statuses": "status=failed&status=draft&status=delivered",
    "an account that most are for": f"account_id={ADA}",
    "an account of the oldest posts": f"account_id={LAST}",
    "an account of another user's": f"account_id={STRANGERS}",
    "several accounts": f"account_id={ADA}&account_id={BOB}&account_id={LAST}",
    "an account and a status that few have": f"account_id={ADA}&status=cancelled",
    "an account and a status that most have": f"account_id={LAST}&status=published",
    "a time": DAY,
    "a time and a status": f"{DAY}&status=failed",
    "a time and an account": f"{DAY}&account_id={ADA}",
    "many accounts": "&".join(f"account_id={scale_rows.account_id(number)}" for number in range(1, 50)),
    "a word that all have": "q=description",
    "a word that few have": f"q={scale_rows.RARE_WORD.upper()}",
    "a word that few titles have": f"q={scale_rows.RARE_TITLE.upper()}",
    "a word that none has": "q=zzzz",
    "a label that most have": f"label={scale_rows.USUAL_LABEL}",
    "a label that few have": f"label={scale_rows.RARE_LABEL}",
    "a label of the oldest posts": f"label={scale_rows.OLD_LABEL}",
    "a label that none has": "label=zzzz",
    "several labels": f"label={scale_rows.RARE_LABEL}&label={scale_rows.USUAL_LABEL}",
    "a label and a status that few have": f"label={scale_rows.USUAL_LABEL}&status=cancelled",
    "a label that few have and an account": f"label={scale_rows.RARE_LABEL}&account_id={ADA}",
    "a label and an account of the oldest posts": f"label={scale_rows.USUAL_LABEL}&account_id={LAST}",
    "a tag": f"tag={scale_rows.TAG}",
    "a tag that no account has": "tag=zzzz",
    "ids of the client": "external_id=cms-30&external_id=cms-60&external_id=cms-90",
}
SORTS = ["-created_at", "created_at", "-publish_at", "publish_at"]

_OTHERWISE = (
    "an account and a status that most have",
    "many accounts",
    "a tag",  # PostgreSQL reads a table of a hundred accounts from end to end
    "a label and an account of the oldest posts",  # it is counted, up to a bound, which of the two is rare
)
IN_AN_INDEX = [name for name in FILTERS if not FILTERS[name].startswith("q=") and name not in _OTHERWISE]
"""PostgreSQL's planner may read thousands of posts rather than begin with an index of words."""


@pytest.fixture(scope="module")
def full_sqlite(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('scale') / 'full.sqlite3'}"
    _fill(url)
    return url


@pytest.fixture(scope="module")
def full_postgresql(postgresql_server):
    url = new_database(postgresql_server, "full_of_posts")
    _fill(url)
    return url


def _fill(url):
    engine = create_engine(url)
    make_tables(engine)
    scale_rows.fill(engine, POSTS)
    engine.dispose()


@pytest.fixture
def database_url(request):
    return request.getfixturevalue("full_sqlite")


@pytest.fixture
def postgresql_url(request):
    return request.getfixturevalue("full_postgresql")


@pytest.fixture
def app(make_app, simulator_urls, each_database_url):
    app = make_app(database_url=each_database_url, **simulator_urls)
    with app.app_context():
        build_indexes(db.engine)
    return app


@pytest.fixture
def owner(app):
    person = Person(app, f"{uuid4()}@example.com")
    with app.app_context(), transaction() as session:
        user = session.get_one(User, scale_rows.user_id(1))
        person.tokens = asdict(mint(start_session(user, user_agent="tests", address="127.0.0.1")))
    return person


@pytest.fixture
def cost_of(app) -> Callable[[Callable[[], object]], int]:
    """Rows that are read, or steps that are taken, while something is done."""
    steps = [0]

    def step():
        steps[0] += 1

    def rows():
        with db.engine.connect() as connection:  # the one that was used last
            connection.exec_driver_sql("select pg_stat_force_next_flush()")
            return connection.exec_driver_sql(
                "select (select sum(seq_tup_read) from pg_stat_user_tables) + sum(idx_tup_read) from pg_stat_user_indexes"
            ).scalar()

    def cost(act):
        with app.app_context():
            before = read()
        act()
        with app.app_context():
            return int(read() - before)

    with app.app_context():
        is_sqlite = db.engine.dialect.name == "sqlite"
        if is_sqlite:
            event.listen(db.engine, "checkout", lambda connection, *_: connection.set_progress_handler(step, 1))
    read = (lambda: steps[0]) if is_sqlite else rows
    return cost


@pytest.fixture
def last_cursor(owner):
    """The cursor of the last page."""

    def find(query):
        page, cursor = owner.get(f"/posts?{query}&limit=90").json, "*"
        while page["has_more"]:
            cursor = page["next_cursor"]
            page = owner.get(f"/posts?{query}&limit=90&cursor={cursor}").json
        return cursor

    return find


@on_each_database
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("name", FILTERS)
def test_the_last_page_costs_no_more_than_the_first(owner, cost_of, last_cursor, name, sort):
    wanted = f"{FILTERS[name]}&sort={sort}"
    query = f"{wanted}&limit={LIMIT}"
    cursor = last_cursor(wanted)
    owner.get(f"/posts?{query}")  # statements are compiled, and connections made

    any_page = cost_of(lambda: owner.get(f"/posts?limit={LIMIT}"))
    first = cost_of(lambda: owner.get(f"/posts?{query}"))
    last = cost_of(lambda: owner.get(f"/posts?{query}&cursor={cursor}"))

    assert any_page > LIMIT
    assert last <= 1.2 * first + any_page / 2  # a plan may look at some rows more; of all posts there are thousands


@on_each_database
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("name", IN_AN_INDEX)
def test_the_first_page_costs_the_same_whatever_else_there_is(owner, cost_of, name, sort):
    query = f"{FILTERS[name]}&limit={LIMIT}&sort={sort}"
    owner.get(f"/posts?{query}")

    any_page = cost_of(lambda: owner.get(f"/posts?limit={LIMIT}"))
    first = cost_of(lambda: owner.get(f"/posts?{query}"))

    assert first <= 4 * any_page


@on_each_database
def test_counts_of_few_posts_do_not_cost_what_many_do(owner, cost_of):
    rare, usual = (f"/posts/counts?label={name}" for name in (scale_rows.RARE_LABEL, scale_rows.USUAL_LABEL))
    for path in (rare, usual):
        assert owner.get(path).status_code == 200

    every_label = cost_of(lambda: owner.get("/posts/counts?label=zzzz"))  # all labels in use are counted too
    few, many = (cost_of(lambda path=path: owner.get(path)) - every_label for path in (rare, usual))

    assert few <= many / 10


@on_each_database
def test_capacity_and_health_cost_what_they_tell_of(owner, cost_of):
    paths = [f"/accounts/{ADA}/{name}" for name in ("capacity?from=2025-01-02&to=2025-01-02", "health")]
    answers = [owner.get(path) for path in paths]

    any_page = cost_of(lambda: owner.get(f"/posts?limit={LIMIT}"))
    costs = [cost_of(lambda path=path: owner.get(path)) for path in paths]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert max(costs) <= 8 * any_page
