"""What the attempts of deleted posts were of, so that TikTok's caps count them"""

import sqlalchemy as sa
from alembic import op

revision = "b41d7e93c0a8"
down_revision = "83918a567f1b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attempts", sa.Column("kept_mode", sa.String(), nullable=True))
    op.add_column("attempts", sa.Column("kept_state", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("attempts", "kept_state")
    op.drop_column("attempts", "kept_mode")
