"""Where the avatars of accounts and the covers of videos are kept"""

import sqlalchemy as sa
from alembic import op

revision = "5b1f7c2e9a64"
down_revision = "7a1c52e90d46"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("avatar_key", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("avatar_type", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("avatar_source", sa.String(), nullable=True))
        batch_op.create_index(batch_op.f("ix_accounts_avatar_key"), ["avatar_key"], unique=False)
    with op.batch_alter_table("videos", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cover_key", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("cover_type", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("cover_source", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("is_cover_due", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_index(batch_op.f("ix_videos_cover_key"), ["cover_key"], unique=False)
    with op.batch_alter_table("videos", schema=None) as batch_op:
        batch_op.alter_column("is_cover_due", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("videos", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_videos_cover_key"))
        batch_op.drop_column("is_cover_due")
        batch_op.drop_column("cover_source")
        batch_op.drop_column("cover_type")
        batch_op.drop_column("cover_key")
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_accounts_avatar_key"))
        batch_op.drop_column("avatar_source")
        batch_op.drop_column("avatar_type")
        batch_op.drop_column("avatar_key")
