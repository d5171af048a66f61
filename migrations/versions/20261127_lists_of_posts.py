"""labels and external ids of posts, orders by time, and attempts that outlive their publications"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "4c8e17b2d905"
down_revision = "7c3e8ca8a338"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
PUBLICATION_KEY = "fk_attempts_publication_id_publications"


def _is_set(column: str) -> dict[str, sa.TextClause]:
    return dict.fromkeys(("sqlite_where", "postgresql_where"), sa.text(f"{column} IS NOT NULL"))


def upgrade() -> None:
    op.add_column("posts", sa.Column("labels", JSON, server_default="[]", nullable=False))
    op.add_column("posts", sa.Column("external_id", sa.String(), nullable=True))
    op.create_index(
        "uq_posts_owner_external_id", "posts", ["owner_id", "external_id"], unique=True, **_is_set("external_id")
    )
    op.create_table(
        "post_labels",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("post_created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("post_publish_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_post_labels_owner_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name=op.f("fk_post_labels_post_id_posts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_labels")),
        sa.UniqueConstraint("post_id", "label", name=op.f("uq_post_labels_post_id_label")),
    )
    op.create_index("ix_post_labels_owner_label", "post_labels", ["owner_id", "label", "post_created_at", "post_id"])
    op.create_index(
        "ix_post_labels_owner_label_publish",
        "post_labels",
        ["owner_id", "label", "post_publish_at", "post_created_at", "post_id"],
        **_is_set("post_publish_at"),
    )

    op.add_column("publications", sa.Column("post_publish_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE publications SET post_publish_at = (SELECT publish_at FROM posts WHERE posts.id = publications.post_id)"
    )
    op.create_index(
        "ix_publications_account_publish",
        "publications",
        ["account_id", "owner_id", "post_publish_at", "post_created_at", "post_id"],
        **_is_set("post_publish_at"),
    )

    op.add_column("attempts", sa.Column("kept_post_ids", JSON, nullable=True))
    _change_publication_key("SET NULL", nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM attempts WHERE publication_id IS NULL")
    _change_publication_key("CASCADE", nullable=False)
    op.drop_column("attempts", "kept_post_ids")
    op.drop_index("ix_publications_account_publish", "publications")
    op.drop_column("publications", "post_publish_at")
    op.drop_table("post_labels")
    op.drop_index("uq_posts_owner_external_id", "posts")
    op.drop_column("posts", "external_id")
    op.drop_column("posts", "labels")


def _change_publication_key(ondelete: str, *, nullable: bool) -> None:
    with op.batch_alter_table("attempts") as attempts:
        attempts.drop_constraint(PUBLICATION_KEY, type_="foreignkey")
        attempts.alter_column("publication_id", existing_type=sa.Uuid(), nullable=nullable)
        attempts.create_foreign_key(PUBLICATION_KEY, "publications", ["publication_id"], ["id"], ondelete=ondelete)
