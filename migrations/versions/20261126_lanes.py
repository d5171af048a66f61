"""lanes and owners of jobs, and which lanes a worker takes"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "9b3e5d1f7a60"
down_revision = "c4e81f06b7d2"
branch_labels = None
depends_on = None

WAITING = {"sqlite_where": sa.text("status = 'waiting'"), "postgresql_where": sa.text("status = 'waiting'")}
LANES = {
    "publish": ("posts.publish", "posts.check_media"),
    "renew": ("accounts.renew", "accounts.revoke"),
    "deliver": ("auth.send_mail", "webhooks.act"),
    "media": ("media.inspect", "media.drop", "media.convert", "media.sweep"),
    "import": ("media.import", "analytics.pictures"),
}
OWNERS = {
    "publications": ("posts.publish",),
    "posts": ("posts.check_media",),
    "accounts": ("accounts.renew", "accounts.sync", "analytics.collect", "analytics.pictures", "posts.match_ids"),
    "media": ("media.inspect", "media.convert", "media.import"),
}
"""The table of each kind's subject."""
JOBS = sa.table("jobs", sa.column("kind"), sa.column("lane"), sa.column("subject"), sa.column("owner_id"))
JSON_LIST = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("jobs") as jobs:
        jobs.add_column(sa.Column("lane", sa.String(length=32), server_default="sync", nullable=False))
        jobs.add_column(sa.Column("owner_id", sa.Uuid(), nullable=True))
        jobs.drop_index("ix_jobs_due")
    for lane, kinds in LANES.items():
        op.execute(JOBS.update().where(JOBS.c.kind.in_(kinds)).values(lane=lane))
    for name, kinds in OWNERS.items():
        subjects = sa.table(name, sa.column("id"), sa.column("owner_id"))
        owner_id = sa.select(subjects.c.owner_id).where(subjects.c.id == JOBS.c.subject).scalar_subquery()
        op.execute(JOBS.update().where(JOBS.c.kind.in_(kinds)).values(owner_id=owner_id))
    op.create_index("ix_jobs_lane_due", "jobs", ["lane", "due_at"], **WAITING)
    op.create_index("ix_jobs_lane_owner_due", "jobs", ["lane", "owner_id", "due_at"], **WAITING)
    with op.batch_alter_table("worker_heartbeats") as heartbeats:
        heartbeats.add_column(sa.Column("lanes", JSON_LIST, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("worker_heartbeats") as heartbeats:
        heartbeats.drop_column("lanes")
    op.drop_index("ix_jobs_lane_owner_due", "jobs")
    op.drop_index("ix_jobs_lane_due", "jobs")
    with op.batch_alter_table("jobs") as jobs:
        jobs.drop_column("owner_id")
        jobs.drop_column("lane")
        jobs.create_index("ix_jobs_due", ["due_at"], **WAITING)
