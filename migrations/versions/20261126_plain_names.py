"""tables and columns by the names that the field uses"""

import sqlalchemy as sa
from alembic import op

revision = "c4e81f06b7d2"
down_revision = "5b1f7c2e9a64"
branch_labels = None
depends_on = None

TABLES = (
    ("letters", "emails"),
    ("storage_stretches", "storage_segments"),
    ("video_walks", "video_syncs"),
    ("video_tallies", "account_totals"),
)
"""Old and new; nothing refers to these tables."""
COLUMNS = (
    ("accounts", "access_token_sealed", "access_token_encrypted"),
    ("accounts", "refresh_token_sealed", "refresh_token_encrypted"),
    ("accounts", "status_turns_until", "status_rate_limit_until"),
    ("attempts", "upload_url_sealed", "upload_url_encrypted"),
    ("connections", "code_verifier_sealed", "code_verifier_encrypted"),
    ("jobs", "wakes", "enqueue_count"),
    ("media_imports", "url_sealed", "url_encrypted"),
    ("publications", "setbacks", "retry_count"),
    ("publications", "deaths", "failed_attempts"),
    ("revocations", "access_token_sealed", "access_token_encrypted"),
    ("revocations", "refresh_token_sealed", "refresh_token_encrypted"),
    ("storage_segments", "first", "start_offset"),
    ("storage_segments", "behind", "end_offset"),
    ("storage_uploads", "is_sealed", "is_finalized"),
    ("video_syncs", "is_under_way", "is_running"),
    ("video_syncs", "skipped_because", "skip_reason"),
)
"""The table by its new name, the column's old name and its new one."""


def upgrade() -> None:
    for old, new in TABLES:
        op.rename_table(old, new)
        _rename_what_hangs_on(new, old, new)
    for table, old, new in COLUMNS:
        op.execute(f'ALTER TABLE {table} RENAME COLUMN "{old}" TO "{new}"')


def downgrade() -> None:
    for table, old, new in reversed(COLUMNS):
        op.execute(f'ALTER TABLE {table} RENAME COLUMN "{new}" TO "{old}"')
    for old, new in reversed(TABLES):
        op.rename_table(new, old)
        _rename_what_hangs_on(old, new, old)


def _rename_what_hangs_on(table: str, old: str, new: str) -> None:
    """Give the constraints and indexes of `table` the names that its new name asks for.

    PostgreSQL renames them; for SQLite, which cannot, the table is made anew.
    """
    found = sa.inspect(op.get_bind())
    uniques, indexes = found.get_unique_constraints(table), found.get_indexes(table)
    references = found.get_foreign_keys(table)
    if op.get_bind().dialect.name == "postgresql":
        constraints = [found.get_pk_constraint(table), *uniques, *references]
        for name in (each["name"] for each in constraints):
            op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {name} TO {name.replace(old, new, 1)}")
        for index in indexes:
            if "duplicates_constraint" not in index:
                op.execute(f"ALTER INDEX {index['name']} RENAME TO {index['name'].replace(old, new, 1)}")
        return
    with op.batch_alter_table(table, recreate="always") as batch:
        for unique in uniques:
            batch.drop_constraint(unique["name"], type_="unique")
            batch.create_unique_constraint(unique["name"].replace(old, new, 1), unique["column_names"])
        for reference in references:
            batch.drop_constraint(reference["name"], type_="foreignkey")
            batch.create_foreign_key(
                reference["name"].replace(old, new, 1),
                reference["referred_table"],
                reference["constrained_columns"],
                reference["referred_columns"],
                ondelete=reference["options"].get("ondelete"),
            )
        for index in indexes:
            batch.drop_index(index["name"])
    for index in indexes:
        op.create_index(index["name"].replace(old, new, 1), table, index["column_names"])
