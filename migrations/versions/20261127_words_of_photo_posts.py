"""Looking for words finds the titles and descriptions of photo posts too"""

from alembic import op

revision = "e0b95f3a6c17"
down_revision = "b41d7e93c0a8"
branch_labels = None
depends_on = None

BEFORE, NOW = ("caption",), ("caption", "title", "description")
INDEX = """
CREATE VIRTUAL TABLE posts_search USING fts5 ({columns}, tokenize='trigram', content='', detail='none', columnsize=0)

INSERT INTO posts_search (rowid, {columns})
SELECT number, {columns} FROM posts JOIN posts_search_numbers ON row_id = id

CREATE TRIGGER posts_search_added AFTER INSERT ON posts BEGIN
  INSERT INTO posts_search_numbers (row_id) VALUES (new.id);
  INSERT INTO posts_search (rowid, {columns})
  SELECT number, {new} FROM posts_search_numbers WHERE row_id = new.id;
END

CREATE TRIGGER posts_search_changed AFTER UPDATE OF {columns} ON posts WHEN {differs} BEGIN
  INSERT INTO posts_search (posts_search, rowid, {columns})
  SELECT 'delete', number, {old} FROM posts_search_numbers WHERE row_id = old.id;
  INSERT INTO posts_search (rowid, {columns})
  SELECT number, {new} FROM posts_search_numbers WHERE row_id = new.id;
END

CREATE TRIGGER posts_search_removed AFTER DELETE ON posts BEGIN
  INSERT INTO posts_search (posts_search, rowid, {columns})
  SELECT 'delete', number, {old} FROM posts_search_numbers WHERE row_id = old.id;
  DELETE FROM posts_search_numbers WHERE row_id = old.id;
END
"""


def upgrade() -> None:
    _index(BEFORE, NOW)


def downgrade() -> None:
    _index(NOW, BEFORE)


def _index(old: tuple[str, ...], new: tuple[str, ...]) -> None:
    """Give posts another search index. The numbers of its rows stay as they are."""
    if op.get_bind().dialect.name != "sqlite":
        # The other one is made after the upgrade, without locking the table; see tiktok_api/db/search_indexes.py.
        op.execute(f"DROP INDEX IF EXISTS ix_posts_{'_'.join(old)}_trigrams")
        return
    for trigger in ("added", "changed", "removed"):
        op.execute(f"DROP TRIGGER posts_search_{trigger}")
    op.execute("DROP TABLE posts_search")
    filled = INDEX.format(
        columns=", ".join(new),
        old=", ".join(f"old.{column}" for column in new),
        new=", ".join(f"new.{column}" for column in new),
        differs=" OR ".join(f"old.{column} <> new.{column}" for column in new),
    )
    for statement in filled.strip().split("\n\n"):
        op.get_bind().exec_driver_sql(statement)
