"""Who consented, and what they were shown"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "18f34e2284e9"
down_revision = "6c2e91d07fb3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch, which on SQLite may make the table anew and lose the triggers of its search index.
    op.add_column("posts", sa.Column("consented_by", sa.Uuid(), nullable=True))
    op.add_column("posts", sa.Column("consented_with_key", sa.Uuid(), nullable=True))
    shown = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.add_column("publications", sa.Column("consent_creator_info", shown, nullable=True))
    op.execute("UPDATE posts SET consented_by = owner_id WHERE consented_at IS NOT NULL")  # only owners could


def downgrade() -> None:
    op.drop_column("publications", "consent_creator_info")
    op.drop_column("posts", "consented_with_key")
    op.drop_column("posts", "consented_by")
