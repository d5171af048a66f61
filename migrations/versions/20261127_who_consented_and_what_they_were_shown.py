"""Who consented, and what they were shown"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "18f34e2284e9"
down_revision = "6c2e91d07fb3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("posts") as posts:
        posts.add_column(sa.Column("consented_by", sa.Uuid(), nullable=True))
        posts.add_column(sa.Column("consented_with_key", sa.Uuid(), nullable=True))
    with op.batch_alter_table("publications") as publications:
        shown = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
        publications.add_column(sa.Column("consent_creator_info", shown, nullable=True))
    op.execute("UPDATE posts SET consented_by = owner_id WHERE consented_at IS NOT NULL")  # only owners could


def downgrade() -> None:
    with op.batch_alter_table("publications") as publications:
        publications.drop_column("consent_creator_info")
    with op.batch_alter_table("posts") as posts:
        posts.drop_column("consented_with_key")
        posts.drop_column("consented_by")
