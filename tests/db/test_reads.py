"""Reads: what they see, what they take, and what they do when the database does not."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Column, Integer, MetaData, Select, String, Table, case, event, false, func, select
from sqlalchemy.exc import DataError, DBAPIError, OperationalError, ProgrammingError

from tests.databases import execute, on_each_database
from tests.db.statements import driver_statements
from tests.web.problems import assert_problem
from tiktok_api.auth.models import User
from tiktok_api.db import db, new_id, snapshot, transaction
from tiktok_api.db.reads import Given, Read, contains, is_any, list_of
from tiktok_api.media.models import Media, MediaStatus


@pytest.fixture
def app(make_app: Any, each_database_url: str) -> Flask:
    return make_app(database_url=each_database_url)


def make_users(*names: str) -> list[UUID]:
    with transaction() as session:
        users = [User(email=name, email_key=name, password_hash="-", display_name=name) for name in names]
        session.add_all(users)
    return [user.id for user in users]


def _by_name(given: Given) -> Select[Any]:
    query = select(User.id, User.display_name).order_by(User.display_name)
    if "names" in given:
        query = query.where(is_any(User.display_name, given["names"]))
    if "ids" in given:
        query = query.where(is_any(User.id, given["ids"]))
    if "after" in given:
        query = query.where(User.created_at > given["after"])
    if "pattern" in given:
        query = query.where(User.display_name.like(given["pattern"], escape="/"))
    return query


def names_of(rows: list[Any]) -> list[str]:
    return [row.display_name for row in rows]


@on_each_database
def test_a_list_matches_any_of_its_values_and_an_empty_one_nothing(context):
    users, by_name = Read(_by_name), make_users("a", "b", "c")

    assert names_of(users.all(names=["a", "c", "none"])) == ["a", "c"]
    assert names_of(users.all(ids=frozenset(by_name[:2]))) == ["a", "b"]
    assert users.all(names=[]) == users.all(ids=()) == []
    assert (users.count(names=["a", "c"]), users.count(ids=set())) == (2, 0)


@on_each_database
def test_a_pattern_takes_its_characters_as_they_are(context):
    users = Read(_by_name)
    make_users("100%_/", "100 /")

    assert names_of(users.all(pattern=contains("0%_/"))) == ["100%_/"]


@on_each_database
@pytest.mark.parametrize("limit", [0, 1, 2, 3, 200])
def test_a_limit_is_kept_also_between_and_beyond_the_steps(context, limit):
    def first_users(given: Given) -> Select[Any]:
        return _by_name(given).limit(given.limit)

    make_users("a", "b", "c")

    assert names_of(Read(first_users).all(limit)) == ["a", "b", "c"][:limit]


@on_each_database
def test_a_value_that_is_none_is_not_given(context):
    make_users("a")

    assert names_of(Read(_by_name).all(names=None, after=None)) == ["a"]


@on_each_database
def test_a_query_may_ask_only_for_what_it_is_given(context):
    with pytest.raises(KeyError):
        Read(lambda given: select(User.id).where(User.id == given["no_such"])).first(id=new_id())


@on_each_database
def test_a_naive_time_is_refused(context):
    with pytest.raises(ValueError, match="naive"):
        Read(_by_name).all(after=datetime(2027, 1, 1))  # noqa: DTZ001  # to be refused


@on_each_database
def test_inside_a_transaction_it_sees_what_was_written_and_not_yet_flushed(context):
    users = Read(_by_name)
    with transaction() as session:
        session.add(User(email="new", email_key="new", password_hash="-", display_name="new"))

        assert names_of(users.all()) == ["new"]
        assert users.first(names=["new"]).display_name == "new"
        session.rollback()

    assert users.all() == []


@on_each_database
def test_inside_a_snapshot_it_sees_one_moment(context, each_database_url):
    users = Read(_by_name)
    make_users("a")
    with snapshot():
        before = users.all()
        execute(each_database_url, "update users set display_name = 'changed'")

        assert users.all() == before
    assert names_of(users.all()) == ["changed"]


@on_each_database
def test_it_holds_no_connection_and_begins_nothing(context):
    users = Read(_by_name)
    users.all()
    with driver_statements(db.engine) as seen:
        users.all()

    assert seen == ["SELECT"]
    assert db.engine.pool.checkedout() == 0
    assert not db.session().in_transaction()


@on_each_database
def test_a_row_of_a_model_has_its_properties_and_cannot_be_changed(context):
    [owner_id] = make_users("a")
    with transaction() as session:
        session.add(Media(owner_id=owner_id, name="a", status=MediaStatus.READY, sha256="00", received_bytes=0))

    row = Read(lambda given: select(Media)).first()

    assert (row.is_ready, row.content_link.version, row.percentage) == (True, "00", None)
    assert row.status is MediaStatus.READY
    with pytest.raises(AttributeError):
        row.name = "b"


@on_each_database
def test_a_read_is_of_one_model_or_of_columns(context):
    with pytest.raises(TypeError):
        Read(lambda given: select(User, Media.id)).all()


@on_each_database
def test_a_list_in_a_row_is_in_its_order_and_empty_without_parts(context):
    def with_names(given: Given) -> Select[Any]:
        theirs = select(Media.name).where(Media.owner_id == User.id).order_by(Media.name.desc()).correlate(User)
        ids = select(Media.duplicate_of).where(Media.owner_id == User.id).correlate(User)
        return (
            select(list_of(theirs).label("names"), list_of(ids).label("ids"))
            .select_from(User)
            .order_by(User.display_name)
        )

    first, _ = make_users("a", "b")
    with transaction() as session:
        session.add_all([Media(owner_id=first, name=name) for name in ("x", "é 🎬", "y")])

    [full, empty] = Read(with_names).all()

    assert (full.names, full.ids) == (["é 🎬", "y", "x"], [None] * 3)
    assert (empty.names, empty.ids) == ([], [])


def test_json_that_only_python_understands_is_read_on_sqlite(make_app, database_url):
    """TikTok may send half a surrogate pair, which SQLite stores as it comes."""
    with make_app(database_url=database_url).app_context():
        [owner_id] = make_users("a")
        with transaction() as session:
            session.add(Media(owner_id=owner_id, name="a", rejection={"message": "\ud83d"}))

        assert Read(lambda given: select(Media.rejection)).first().rejection == {"message": "\ud83d"}


@on_each_database
def test_the_statements_of_a_query_do_not_grow_without_end(context):
    built = []

    def anything(given: Given) -> Select[Any]:
        built.append(tuple(given))
        return select(User.id)

    read = Read(anything)
    for number in range(600):
        read.all(**{f"v{number}": 1})
    read.all(v599=1)
    again = len(built)
    read.all(v0=1)

    assert (again, len(built)) == (600, 601)


@on_each_database
def test_many_threads_may_ask_at_once_for_what_was_never_asked(app):
    with app.app_context():
        make_users("a", "b")
    users, start = Read(_by_name), threading.Barrier(8)

    def ask(number: int) -> list[str]:
        with app.app_context():
            start.wait(30)
            return [names_of(users.all(names=["a", "b"])), names_of(users.all(number))][number % 2]

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(ask, range(8)))

    assert found == [["a", "b"], ["a"], ["a", "b"], ["a", "b"]] + [["a", "b"]] * 4


@on_each_database
def test_an_error_is_the_one_that_sqlalchemy_raises(context):
    read = Read(lambda given: select(Table("no_such_table", MetaData(), Column("id", Integer)).c.id))
    kinds = (ProgrammingError, OperationalError)

    with pytest.raises(DBAPIError) as alone:
        read.all()
    with transaction(), pytest.raises(DBAPIError) as within:
        read.all()

    assert isinstance(alone.value, kinds)
    assert type(within.value) is type(alone.value)
    assert not alone.value.connection_invalidated


@on_each_database
def test_watched_by_a_tracer_it_gives_the_same_and_is_seen(context):
    users, seen = Read(_by_name), []
    make_users("a", "b")
    alone = users.all(names=["a", "b"])
    event.listen(db.engine, "before_cursor_execute", lambda *facts: seen.append(facts[2]))

    watched = users.all(names=["a", "b"])
    with transaction():
        within = users.all(names=["a", "b"])

    assert alone == watched == within
    assert len([statement for statement in seen if "SELECT" in statement]) == 2


@pytest.mark.postgres
def test_a_text_that_postgresql_cannot_take_is_a_value_that_it_refuses(make_app, postgresql_url):
    with make_app(database_url=postgresql_url).app_context():
        for values in ({"names": ["a\0b"]}, {"pattern": "a\0b"}):
            with pytest.raises(DataError):
                Read(_by_name).all(**values)


def _unless_on(given: Given) -> Select[Any]:
    """Ends its own connection, if that is the one with the given process."""
    is_its = func.pg_backend_pid() == given["pid"]
    ended = case((is_its, func.pg_terminate_backend(given["pid"])), else_=false())
    return select(ended.label("is_ended"), func.pg_backend_pid().label("pid"))


@pytest.mark.postgres
def test_where_a_connection_dies_under_it_another_is_taken_and_the_old_ones_are_forgotten(make_app, postgresql_url):
    with make_app(database_url=postgresql_url).app_context():
        held = [db.engine.raw_connection() for _ in range(3)]
        old = {connection.dbapi_connection.info.backend_pid for connection in held}
        for connection in held:
            connection.close()
        read = Read(_unless_on)
        pid = read.first(pid=0).pid

        row = read.first(pid=pid)

        assert pid in old
        assert row.is_ended is False
        assert row.pid not in old
        held = [db.engine.raw_connection() for _ in range(3)]
        assert old & {connection.dbapi_connection.info.backend_pid for connection in held} == set()
        for connection in held:
            connection.close()


@pytest.mark.postgres
def test_where_connections_die_twice_that_is_the_answer_and_the_next_read_works(make_app, postgresql_url):
    with make_app(database_url=postgresql_url).app_context():
        suicide = Read(lambda given: select(func.pg_terminate_backend(func.pg_backend_pid()).label("done")))

        with pytest.raises(OperationalError) as error:
            suicide.all()

        assert error.value.connection_invalidated
        assert Read(_by_name).all() == []
        assert db.engine.pool.checkedout() == 0


@pytest.mark.postgres
def test_a_transaction_whose_connection_died_ends_with_that_error(make_app, postgresql_url):
    with make_app(database_url=postgresql_url).app_context():
        suicide = Read(lambda given: select(func.pg_terminate_backend(func.pg_backend_pid()).label("done")))

        with pytest.raises(OperationalError, match="terminating connection") as error, transaction():
            suicide.all()

        assert error.value.connection_invalidated
        assert Read(_by_name).all() == []


@pytest.mark.postgres
def test_a_column_of_another_type_since_an_upgrade_is_read_on_a_new_plan(make_app, postgresql_url):
    """PostgreSQL refuses a prepared statement whose result has changed; psycopg prepares what is asked five times."""
    versions = Table("read_versions", MetaData(), Column("value", String(10)))
    read = Read(lambda given: select(versions.c.value))
    execute(postgresql_url, "drop table if exists read_versions", "create table read_versions (value varchar(10))")
    execute(postgresql_url, "insert into read_versions values ('a')")
    with make_app(database_url=postgresql_url).app_context():
        before = [read.first().value for _ in range(10)]

        execute(postgresql_url, "alter table read_versions alter value type text")

        assert [read.first().value for _ in range(10)] == before
    execute(postgresql_url, "drop table read_versions")


@pytest.mark.postgres
def test_so_does_the_orm_at_the_second_try(make_app, postgresql_url):
    versions = Table("orm_versions", MetaData(), Column("value", String(10)))
    execute(postgresql_url, "drop table if exists orm_versions", "create table orm_versions (value varchar(10))")
    execute(postgresql_url, "insert into orm_versions values ('a')")
    with make_app(database_url=postgresql_url).app_context():
        before = [db.session.scalar(select(versions.c.value)) for _ in range(10)]

        execute(postgresql_url, "alter table orm_versions alter value type text")

        with pytest.raises(DBAPIError, match="cached plan"):
            db.session.scalar(select(versions.c.value))
        db.session.rollback()
        assert [db.session.scalar(select(versions.c.value)) for _ in range(10)] == before
        db.session.remove()
    execute(postgresql_url, "drop table orm_versions")


def test_where_no_connection_can_be_made_the_client_is_told_that_the_database_is_away(owner, database_url):
    file = Path(database_url.removeprefix("sqlite:///"))
    with owner.app.app_context():
        db.engine.dispose()
    file.rename(file.with_suffix(".away"))
    file.mkdir()

    assert_problem(owner.get("/auth/me"), 503, "database_busy")


@pytest.mark.postgres
def test_a_statement_that_was_stopped_is_a_database_that_is_too_busy(make_app, postgresql_url):
    """SQLAlchemy's name for it is that of a lock which is waited for too long on SQLite."""
    with make_app(database_url=postgresql_url).app_context():
        event.listen(db.engine, "checkout", lambda connection, *_: connection.execute("set statement_timeout = '50ms'"))

        with pytest.raises(OperationalError) as error:
            Read(lambda given: select(func.pg_sleep(60).label("slept"))).all()

        assert not error.value.connection_invalidated
