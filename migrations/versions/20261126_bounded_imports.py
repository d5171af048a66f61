"""what imports have cost, and pauses of inspections"""

import sqlalchemy as sa
from alembic import op

revision = "2d7c90e5b8f4"
down_revision = "8a1f4c62d0e7"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("media_imports") as imports:
        imports.add_column(sa.Column("read_bytes", sa.BigInteger(), server_default="0", nullable=False))
        imports.add_column(sa.Column("spent_seconds", sa.Double(), server_default="0", nullable=False))
    op.create_table(
        "inspection_pauses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_inspection_pauses_owner_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_pauses")),
        sa.UniqueConstraint("owner_id", name=op.f("uq_inspection_pauses_owner_id")),
    )


def downgrade() -> None:
    op.drop_table("inspection_pauses")
    with op.batch_alter_table("media_imports") as imports:
        imports.drop_column("spent_seconds")
        imports.drop_column("read_bytes")
