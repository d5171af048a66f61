"""indexes for the lists of posts, capacity, health, and looking for a part of a text"""

import sqlalchemy as sa
from alembic import op

revision = "d35f0c9a1b72"
down_revision = "2d7c90e5b8f4"
branch_labels = None
depends_on = None

UNFINISHED = sa.text("state in ('due', 'preparing', 'uploading', 'processing', 'held', 'unconfirmed')")
RECEIVED = sa.text("state in ('final', 'succeeded')")
WHERE_UNFINISHED = {"sqlite_where": UNFINISHED, "postgresql_where": UNFINISHED}
WHERE_RECEIVED = {"sqlite_where": RECEIVED, "postgresql_where": RECEIVED}
SEARCHED = (("posts", "caption"), ("media", "name"))
SEARCH_INDEX = """
CREATE TABLE {table}_search_numbers (number INTEGER PRIMARY KEY, row_id CHAR(32) NOT NULL UNIQUE)

CREATE VIRTUAL TABLE {table}_search USING fts5 ({column}, tokenize='trigram', content='', detail='none', columnsize=0)

INSERT INTO {table}_search_numbers (row_id) SELECT id FROM {table} ORDER BY created_at

INSERT INTO {table}_search (rowid, {column})
SELECT number, {column} FROM {table} JOIN {table}_search_numbers ON row_id = id

CREATE TRIGGER {table}_search_added AFTER INSERT ON {table} BEGIN
  INSERT INTO {table}_search_numbers (row_id) VALUES (new.id);
  INSERT INTO {table}_search (rowid, {column})
  SELECT number, new.{column} FROM {table}_search_numbers WHERE row_id = new.id;
END

CREATE TRIGGER {table}_search_changed AFTER UPDATE OF {column} ON {table} WHEN old.{column} <> new.{column} BEGIN
  INSERT INTO {table}_search ({table}_search, rowid, {column})
  SELECT 'delete', number, old.{column} FROM {table}_search_numbers WHERE row_id = old.id;
  INSERT INTO {table}_search (rowid, {column})
  SELECT number, new.{column} FROM {table}_search_numbers WHERE row_id = new.id;
END

CREATE TRIGGER {table}_search_removed AFTER DELETE ON {table} BEGIN
  INSERT INTO {table}_search ({table}_search, rowid, {column})
  SELECT 'delete', number, old.{column} FROM {table}_search_numbers WHERE row_id = old.id;
  DELETE FROM {table}_search_numbers WHERE row_id = old.id;
END
"""


def upgrade() -> None:
    # What is replaced goes first: every index of a table is written again for a row that gets its new column.
    op.drop_index("ix_publications_unfinished", "publications")
    op.drop_index(op.f("ix_publications_account_id"), "publications")
    op.drop_index("ix_posts_owner_publish", "posts")

    op.add_column("publications", sa.Column("post_created_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE publications SET post_created_at = (SELECT created_at FROM posts WHERE posts.id = publications.post_id)"
    )
    with op.batch_alter_table("publications") as publications:
        publications.alter_column("post_created_at", existing_type=sa.DateTime(timezone=True), nullable=False)
    op.create_index(
        "ix_publications_account_post", "publications", ["account_id", "owner_id", "post_created_at", "post_id"]
    )
    op.create_index(
        "ix_publications_account_unfinished", "publications", ["account_id", "state", "reason"], **WHERE_UNFINISHED
    )
    op.create_index("ix_posts_owner_status_created", "posts", ["owner_id", "status", "created_at", "id"])
    op.create_index("ix_posts_owner_status_publish", "posts", ["owner_id", "status", "publish_at", "created_at", "id"])
    op.create_index("ix_attempts_account_received", "attempts", ["account_id", "final_at"], **WHERE_RECEIVED)

    # The search indexes of PostgreSQL are made after the upgrade, without locking the tables; see tiktok_api/db/search_indexes.py.
    if op.get_bind().dialect.name == "sqlite":
        for table, column in SEARCHED:
            for statement in SEARCH_INDEX.format(table=table, column=column).strip().split("\n\n"):
                op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table, column in SEARCHED:
        if is_sqlite:
            for trigger in ("added", "changed", "removed"):
                op.execute(f"DROP TRIGGER {table}_search_{trigger}")
            op.execute(f"DROP TABLE {table}_search")
            op.execute(f"DROP TABLE {table}_search_numbers")
        else:
            op.execute(f"DROP INDEX IF EXISTS ix_{table}_{column}_trigrams")
    op.drop_index("ix_attempts_account_received", "attempts")
    op.drop_index("ix_posts_owner_status_publish", "posts")
    op.drop_index("ix_posts_owner_status_created", "posts")
    op.drop_index("ix_publications_account_unfinished", "publications")
    op.drop_index("ix_publications_account_post", "publications")
    with op.batch_alter_table("publications") as publications:
        publications.drop_column("post_created_at")
    op.create_index("ix_posts_owner_publish", "posts", ["owner_id", "publish_at", "id"])
    op.create_index(op.f("ix_publications_account_id"), "publications", ["account_id"])
    op.create_index("ix_publications_unfinished", "publications", ["state", "reason"], **WHERE_UNFINISHED)
