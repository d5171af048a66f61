"""Recurring posts, and the queues of accounts"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "ad363764bc4d"
down_revision = "4c8e17b2d905"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recurrences",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("local_time", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("exceptions", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("content", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("repeat_media", sa.Boolean(), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("last_problem", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("next_number", sa.Integer(), nullable=False),
        sa.Column("looked_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consent_session_id", sa.Uuid(), nullable=True),
        sa.Column("consent_key_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_recurrences_owner_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recurrences")),
    )
    with op.batch_alter_table("recurrences", schema=None) as batch_op:
        batch_op.create_index("ix_recurrences_owner_created", ["owner_id", "created_at", "id"], unique=False)

    op.create_table(
        "posting_queues",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("slots", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_posting_queues_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting_queues")),
        sa.UniqueConstraint("account_id", name=op.f("uq_posting_queues_account_id")),
    )
    op.create_table(
        "recurrence_media",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recurrence_id", sa.Uuid(), nullable=False),
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], name=op.f("fk_recurrence_media_media_id_media")),
        sa.ForeignKeyConstraint(
            ["recurrence_id"],
            ["recurrences.id"],
            name=op.f("fk_recurrence_media_recurrence_id_recurrences"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recurrence_media")),
        sa.UniqueConstraint(
            "recurrence_id", "turn", "position", name=op.f("uq_recurrence_media_recurrence_id_turn_position")
        ),
    )
    with op.batch_alter_table("recurrence_media", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recurrence_media_media_id"), ["media_id"], unique=False)

    op.create_table(
        "recurrence_targets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recurrence_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("overrides", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_recurrence_targets_account_id_accounts"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["recurrence_id"],
            ["recurrences.id"],
            name=op.f("fk_recurrence_targets_recurrence_id_recurrences"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recurrence_targets")),
        sa.UniqueConstraint("recurrence_id", "position", name=op.f("uq_recurrence_targets_recurrence_id_position")),
    )
    with op.batch_alter_table("recurrence_targets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recurrence_targets_account_id"), ["account_id"], unique=False)

    op.create_table(
        "recurrence_occurrences",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recurrence_id", sa.Uuid(), nullable=False),
        sa.Column("local_date", sa.String(), nullable=False),
        sa.Column("publish_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=True),
        sa.Column("post_updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("problem", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name=op.f("fk_recurrence_occurrences_post_id_posts"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["recurrence_id"],
            ["recurrences.id"],
            name=op.f("fk_recurrence_occurrences_recurrence_id_recurrences"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recurrence_occurrences")),
        sa.UniqueConstraint(
            "recurrence_id", "local_date", name=op.f("uq_recurrence_occurrences_recurrence_id_local_date")
        ),
    )
    with op.batch_alter_table("recurrence_occurrences", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recurrence_occurrences_post_id"), ["post_id"], unique=False)

    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("recurrence_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("queued_account_id", sa.Uuid(), nullable=True))
        batch_op.create_index(
            "ix_posts_queue",
            ["queued_account_id", "publish_at"],
            unique=False,
            sqlite_where=sa.text("queued_account_id IS NOT NULL"),
            postgresql_where=sa.text("queued_account_id IS NOT NULL"),
        )


def downgrade() -> None:
    # Not in a batch, which would make the table anew on SQLite, without the triggers of its search index.
    op.drop_index("ix_posts_queue", table_name="posts")
    op.drop_column("posts", "queued_account_id")
    op.drop_column("posts", "recurrence_id")

    with op.batch_alter_table("recurrence_occurrences", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recurrence_occurrences_post_id"))

    op.drop_table("recurrence_occurrences")
    with op.batch_alter_table("recurrence_targets", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recurrence_targets_account_id"))

    op.drop_table("recurrence_targets")
    with op.batch_alter_table("recurrence_media", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recurrence_media_media_id"))

    op.drop_table("recurrence_media")
    op.drop_table("posting_queues")
    with op.batch_alter_table("recurrences", schema=None) as batch_op:
        batch_op.drop_index("ix_recurrences_owner_created")

    op.drop_table("recurrences")
