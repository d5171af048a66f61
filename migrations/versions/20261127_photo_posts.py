"""Photo posts: their words and settings, and attempts without an upload"""

import sqlalchemy as sa
from alembic import op

revision = "5c0e7b1f4a92"
down_revision = "d35f0c9a1b72"
branch_labels = None
depends_on = None

_OF_AN_UPLOAD = ("video_size", "chunk_size", "total_chunk_count")


def upgrade() -> None:
    # Not in a batch, which on SQLite would make the table anew and lose the triggers of its search index.
    op.add_column("posts", sa.Column("title", sa.String(), nullable=False, server_default=""))
    op.add_column("posts", sa.Column("description", sa.String(), nullable=False, server_default=""))
    op.add_column("posts", sa.Column("auto_add_music", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("posts", sa.Column("photo_cover_index", sa.Integer(), nullable=True))
    with op.batch_alter_table("attempts") as attempts:
        for name in _OF_AN_UPLOAD:
            attempts.alter_column(name, existing_type=sa.Integer(), nullable=True)


def downgrade() -> None:
    op.execute("UPDATE attempts SET video_size = 0, chunk_size = 0, total_chunk_count = 0 WHERE video_size IS NULL")
    with op.batch_alter_table("attempts") as attempts:
        for name in _OF_AN_UPLOAD:
            attempts.alter_column(name, existing_type=sa.Integer(), nullable=False)
    for name in ("photo_cover_index", "auto_add_music", "description", "title"):
        op.drop_column("posts", name)
