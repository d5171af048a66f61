"""Media in the making with their progress, pictures to choose a cover by, and labels of media"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "6c2e91d07fb3"
down_revision = "ad363764bc4d"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("media") as media:
        media.add_column(sa.Column("progress", sa.Double(), nullable=True))
        media.add_column(sa.Column("labels", JSON, nullable=False, server_default="[]"))
    op.create_table(
        "media_labels",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_media_labels_owner_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["media_id"], ["media.id"], name=op.f("fk_media_labels_media_id_media"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media_labels")),
        sa.UniqueConstraint("media_id", "label", name=op.f("uq_media_labels_media_id_label")),
    )
    op.create_index("ix_media_labels_owner_label", "media_labels", ["owner_id", "label", "media_id"])
    op.create_table(
        "frame_sets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("frame_count", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("rejection", JSON, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_frame_sets_owner_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["media_id"], ["media.id"], name=op.f("fk_frame_sets_media_id_media"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_frame_sets")),
        sa.UniqueConstraint("media_id", "frame_count", name=op.f("uq_frame_sets_media_id_frame_count")),
    )
    op.create_index("ix_frame_sets_owner_status", "frame_sets", ["owner_id", "status"])
    op.create_table(
        "frames",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("frame_set_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("timestamp_ms", sa.Integer(), nullable=False),
        sa.Column("storage_key", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["frame_set_id"], ["frame_sets.id"], name=op.f("fk_frames_frame_set_id_frame_sets"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_frames")),
        sa.UniqueConstraint("frame_set_id", "number", name=op.f("uq_frames_frame_set_id_number")),
    )
    op.create_index(op.f("ix_frames_storage_key"), "frames", ["storage_key"])


def downgrade() -> None:
    op.drop_table("frames")
    op.drop_table("frame_sets")
    op.drop_table("media_labels")
    # Not in a batch: SQLite would make the table anew, without the triggers of its search index.
    op.drop_column("media", "labels")
    op.drop_column("media", "progress")
