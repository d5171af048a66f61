"""signs of life, what workers count, and indexes for what monitoring asks"""

import sqlalchemy as sa
from alembic import op

revision = "5b1d0c7a9e34"
down_revision = "c90d4d8f5423"
branch_labels = None
depends_on = None

DEAD = sa.text("status = 'dead'")
MEDIA_UNFINISHED = sa.text("status in ('uploading', 'inspecting')")
PUBLICATIONS_UNFINISHED = sa.text("state in ('due', 'preparing', 'uploading', 'processing', 'held', 'unconfirmed')")


def upgrade() -> None:
    op.create_table(
        "work_counts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("labels", sa.String(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_counts")),
        sa.UniqueConstraint("name", "labels", name=op.f("uq_work_counts_name_labels")),
    )
    op.create_table(
        "worker_heartbeats",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("threads", sa.Integer(), nullable=False),
        sa.Column("busy", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_heartbeats")),
    )
    op.create_index(op.f("ix_worker_heartbeats_beat_at"), "worker_heartbeats", ["beat_at"])
    op.create_index("ix_jobs_dead", "jobs", ["kind"], sqlite_where=DEAD, postgresql_where=DEAD)
    op.create_index("ix_accounts_status_refresh", "accounts", ["status", "refresh_expires_at"])
    where = {"sqlite_where": MEDIA_UNFINISHED, "postgresql_where": MEDIA_UNFINISHED}
    op.create_index("ix_media_unfinished", "media", ["status"], **where)
    where = {"sqlite_where": PUBLICATIONS_UNFINISHED, "postgresql_where": PUBLICATIONS_UNFINISHED}
    op.create_index("ix_publications_unfinished", "publications", ["state", "reason"], **where)


def downgrade() -> None:
    op.drop_index("ix_publications_unfinished", "publications")
    op.drop_index("ix_media_unfinished", "media")
    op.drop_index("ix_accounts_status_refresh", "accounts")
    op.drop_index("ix_jobs_dead", "jobs")
    op.drop_table("worker_heartbeats")
    op.drop_table("work_counts")
