"""What TikTok's refusals teach of its caps, and an index of what an account has to go out"""

import sqlalchemy as sa
from alembic import op

revision = "83918a567f1b"
down_revision = "18f34e2284e9"
branch_labels = None
depends_on = None

OF_APP = {"sqlite_where": sa.text("account_id IS NULL"), "postgresql_where": sa.text("account_id IS NULL")}
TO_GO_OUT = "state in ('scheduled', 'due', 'preparing', 'uploading', 'held')"


def upgrade() -> None:
    op.create_table(
        "posting_limits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("allowed", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_posting_limits_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting_limits")),
    )
    op.create_index("uq_posting_limits_account_kind", "posting_limits", ["account_id", "kind"], unique=True)
    op.create_index("uq_posting_limits_app_kind", "posting_limits", ["kind"], unique=True, **OF_APP)
    op.create_index(
        "ix_publications_account_wanted",
        "publications",
        ["account_id", "wanted_at"],
        sqlite_where=sa.text(TO_GO_OUT),
        postgresql_where=sa.text(TO_GO_OUT),
    )


def downgrade() -> None:
    op.drop_index("ix_publications_account_wanted", "publications")
    op.drop_table("posting_limits")
