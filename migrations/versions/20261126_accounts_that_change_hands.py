"""accounts that another user has connected since, when a sync was asked for, and the reading budgets of the app"""

import sqlalchemy as sa
from alembic import op

revision = "e41b7d90a3c5"
down_revision = "9b3e5d1f7a60"
branch_labels = None
depends_on = None

_IS_HELD = sa.text("taken_over_at IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("accounts") as accounts:
        accounts.add_column(sa.Column("taken_over_at", sa.DateTime(timezone=True), nullable=True))
        accounts.add_column(sa.Column("sync_requested_at", sa.DateTime(timezone=True), nullable=True))
        accounts.drop_constraint("uq_accounts_open_id", type_="unique")
    op.create_index(
        "ix_accounts_open_id_held",
        "accounts",
        ["open_id"],
        unique=True,
        sqlite_where=_IS_HELD,
        postgresql_where=_IS_HELD,
    )
    op.create_table(
        "call_budgets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("used_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_call_budgets"),
        sa.UniqueConstraint("name", "holder", name="uq_call_budgets_name_holder"),
    )
    op.create_index("ix_call_budgets_used_until", "call_budgets", ["used_until"])


def downgrade() -> None:
    op.drop_table("call_budgets")
    # The older version knows one row for each creator: what was taken over keeps its history under a name of its own.
    op.execute(
        "UPDATE accounts SET open_id = open_id || ' taken over ' || CAST(id AS VARCHAR) WHERE taken_over_at IS NOT NULL"
    )
    op.drop_index("ix_accounts_open_id_held", "accounts")
    with op.batch_alter_table("accounts") as accounts:
        accounts.create_unique_constraint("uq_accounts_open_id", ["open_id"])
        accounts.drop_column("sync_requested_at")
        accounts.drop_column("taken_over_at")
