"""The search indexes, which no model describes: made by the migration as by the models, of the rows that were there already."""

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine, func, inspect, select, text, true

from tests.databases import execute, make_tables, on_each_database
from tiktok_api.db import db
from tiktok_api.db.search_indexes import build_indexes, missing_indexes
from tiktok_api.posts.models import TEXTS, Post
from tiktok_api.schema import revisions as schema

BEFORE = "2d7c90e5b8f4"
BEFORE_PHOTOS = "b41d7e93c0a8"
USER = (
    "insert into users (id, email, email_key, password_hash, display_name, timezone, awaits_verification, created_at)"
    " values (:user, 'a@example.com', 'a@example.com', 'x', 'Ada', 'UTC', false, '2026-01-01 00:00:00')"
)
POST = (
    "insert into posts (id, owner_id, type, mode, status, caption, allow_comment, allow_duet, allow_stitch,"
    " brand_content_toggle, brand_organic_toggle, is_aigc, consent, updated_at, created_at) values (:post, :user, 'video',"
    " 'direct', 'draft', 'In the studio', false, false, false, false, false, false, false, '2026-01-02 00:00:00',"
    " '2026-01-02 00:00:00')"
)
PUBLICATION = (
    "insert into publications (id, post_id, owner_id, overrides, state, retry_count, failed_attempts, tiktok_post_ids,"
    " updated_at, created_at) values (:post, :post, :user, '{}', 'draft', 0, 0, '[]', '2026-01-03 00:00:00',"
    " '2026-01-03 00:00:00')"
)
IDS = {"user": "0190000170008000700000000000000a", "post": "0190000170008000700000000000000b"}


def made_of_search(engine) -> dict[str, str]:
    """The statements by which SQLite made what belongs to the search indexes."""
    with engine.connect() as connection:
        found = connection.execute(
            text("select name, sql from sqlite_master where name like '%_search%' and sql <> ''")
        )
        return {name: " ".join(statement.split()) for name, statement in found}


def test_on_sqlite_models_and_migrations_make_the_same_tables_and_triggers(app, tmp_path):
    upgrade()
    engine = create_engine(f"sqlite:///{tmp_path / 'models.sqlite3'}")
    make_tables(engine)

    by_migrations, by_models = made_of_search(db.engine), made_of_search(engine)

    engine.dispose()
    assert by_migrations == by_models, "a table that a migration makes anew loses its triggers"
    assert len([name for name in by_models if name.endswith(("_added", "_changed", "_removed"))]) == 6


@on_each_database
def test_posts_of_before_are_found_and_their_publications_know_their_time(app, each_database_url):
    upgrade(revision=BEFORE)
    execute(each_database_url, USER, POST, PUBLICATION, **IDS)

    result = schema.upgrade()

    assert result.problem is None
    with db.engine.connect() as connection:
        times = connection.execute(text("select post_created_at = '2026-01-02 00:00:00' from publications")).all()
        is_sqlite = connection.dialect.name == "sqlite"
        assert [bool(row[0]) for row in times] == [True]
        if is_sqlite:
            found = connection.execute(text("select count(*) from posts_search where posts_search match '\"tud\"'"))
            assert found.scalar() == 1


@on_each_database
def test_photos_of_before_are_found_by_their_words_and_no_more_once_it_is_taken_back(app, each_database_url):
    upgrade(revision=BEFORE_PHOTOS)
    titled = "update posts set caption = 'Seaside', title = 'Cathedral', description = 'Ten steps' where id = :post"
    stale = "create index ix_posts_caption_trigrams on posts (caption)"  # a name is all that the revision knows of it
    is_sqlite = each_database_url.startswith("sqlite")
    execute(each_database_url, USER, POST, titled, *([] if is_sqlite else [stale]), **IDS)

    assert schema.upgrade().problem is None
    found = found_by_words(["seaside", "cathedral", "ten steps", "studio"])
    execute(each_database_url, "update posts set title = 'Market' where id = :post", **IDS)
    changed = found_by_words(["seaside", "cathedral", "market", "ten steps"])
    has_stale = has_index("ix_posts_caption_trigrams")
    downgrade(revision=BEFORE_PHOTOS)

    assert found == [1, 1, 1, 0]
    assert changed == [1, 0, 1, 1]
    assert not has_stale
    if is_sqlite:
        execute(each_database_url, "update posts set caption = 'Market, at the seaside' where id = :post", **IDS)
        assert in_index("ark", "sea", "cat", "ste") == [1, 1, 0, 0]
        schema.upgrade()
        assert in_index("ark", "sea", "cat", "ste") == [1, 1, 0, 1]
        execute(each_database_url, "delete from posts where id = :post", **IDS)
        assert in_index("ark", "sea", "cat", "ste") == [0, 0, 0, 0]


def found_by_words(words):
    """How many posts are found by each."""
    given = [TEXTS.parameters(word, dialect=db.engine.dialect.name) for word in words]
    with db.engine.connect() as connection:
        return [
            connection.scalar(
                select(func.count())
                .select_from(Post)
                .where(TEXTS.condition(each), TEXTS.is_found(each) if "trigrams" in each else true())
            )
            for each in given
        ]


def in_index(*trigrams):
    """How many rows of the index on SQLite have each."""
    with db.engine.connect() as connection:
        connection.exec_driver_sql("insert into posts_search (posts_search) values ('integrity-check')")
        count = text("select count(*) from posts_search where posts_search match :trigram")
        return [connection.scalar(count, {"trigram": each}) for each in trigrams]


def has_index(name):
    return name in {index["name"] for index in inspect(db.engine).get_indexes("posts")}


@pytest.mark.postgres
@pytest.mark.parametrize("each_database_url", ["postgresql_url"], indirect=True)
def test_an_upgrade_says_what_keeps_postgresql_from_an_index_of_words(app):
    result = schema.upgrade()

    with db.engine.connect() as connection:
        is_there = text("select count(*) from pg_available_extensions where name = 'pg_trgm'")
        can = bool(connection.execute(is_there).scalar())
    assert (result.problem, bool(result.remark), bool(missing_indexes(db.engine))) == (None, not can, not can)
    assert bool(build_indexes(db.engine)) is not can
