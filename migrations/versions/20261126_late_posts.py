"""Posts that are late, posts that are delivered, and where a post's id comes from"""

import sqlalchemy as sa
from alembic import op

revision = "7a1c52e90d46"
down_revision = "3f1d7a9be0c2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("posts") as posts:
        posts.add_column(sa.Column("if_late", sa.String(length=32), nullable=True))
    with op.batch_alter_table("publications") as publications:
        publications.add_column(sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=True))
        publications.add_column(sa.Column("post_id_source", sa.String(length=32), nullable=True))
    op.execute(
        "UPDATE publications SET wanted_at = "
        "(SELECT posts.publish_at FROM posts WHERE posts.id = publications.post_id) "
        "WHERE state NOT IN ('draft', 'failed', 'cancelled')"
    )
    # Until now every id came from TikTok's own status, and a URL without a name led nowhere.
    op.execute(
        "UPDATE publications SET post_id_source = 'tiktok' WHERE state IN ('publicly_available', 'no_longer_available')"
    )
    op.execute("UPDATE publications SET url = NULL WHERE url LIKE 'https://www.tiktok.com/@/%'")
    op.execute(
        "UPDATE posts SET status = 'delivered' WHERE status = 'published' AND NOT EXISTS "
        "(SELECT 1 FROM publications WHERE publications.post_id = posts.id AND publications.state <> 'inbox_delivered')"
    )
    op.execute(
        "UPDATE posts SET status = 'partly_published' WHERE status = 'published' AND EXISTS "
        "(SELECT 1 FROM publications WHERE publications.post_id = posts.id AND publications.state = 'inbox_delivered')"
    )


def downgrade() -> None:
    op.execute("UPDATE posts SET status = 'published' WHERE status = 'delivered'")
    with op.batch_alter_table("publications") as publications:
        publications.drop_column("post_id_source")
        publications.drop_column("wanted_at")
    with op.batch_alter_table("posts") as posts:
        posts.drop_column("if_late")
