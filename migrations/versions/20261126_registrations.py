"""registrations apart from users, emails counted by address, and when a session signed in"""

import sqlalchemy as sa
from alembic import op

revision = "8a1f4c62d0e7"
down_revision = "e41b7d90a3c5"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "registrations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("email_key", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
    )
    op.create_index("ix_registrations_email_key_created", "registrations", ["email_key", "created_at"])

    with op.batch_alter_table("emails") as batch:
        batch.alter_column("user_id", existing_type=sa.Uuid(), nullable=True)
        batch.add_column(sa.Column("registration_id", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("email_key", sa.String(), nullable=True))
        batch.add_column(sa.Column("site", sa.String(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_emails_registration_id_registrations"),
            "registrations",
            ["registration_id"],
            ["id"],
            ondelete="CASCADE",
        )
    op.execute("UPDATE emails SET site = '', email_key = (SELECT email_key FROM users WHERE users.id = emails.user_id)")
    with op.batch_alter_table("emails") as batch:
        batch.alter_column("email_key", existing_type=sa.String(), nullable=False)
        batch.alter_column("site", existing_type=sa.String(), nullable=False)
    op.create_index(op.f("ix_emails_registration_id"), "emails", ["registration_id"])
    op.create_index("ix_emails_address_kind_sent", "emails", ["email_key", "kind", "sent_at"])

    with op.batch_alter_table("sessions") as batch:
        batch.add_column(sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE sessions SET signed_in_at = created_at")
    with op.batch_alter_table("sessions") as batch:
        batch.alter_column("signed_in_at", existing_type=sa.DateTime(timezone=True), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("sessions") as batch:
        batch.drop_column("signed_in_at")
    op.execute("DELETE FROM emails WHERE user_id IS NULL")
    op.drop_index("ix_emails_address_kind_sent", "emails")
    op.drop_index(op.f("ix_emails_registration_id"), "emails")
    with op.batch_alter_table("emails") as batch:
        batch.drop_constraint(op.f("fk_emails_registration_id_registrations"), type_="foreignkey")
        batch.drop_column("site")
        batch.drop_column("email_key")
        batch.drop_column("registration_id")
        batch.alter_column("user_id", existing_type=sa.Uuid(), nullable=False)
    op.drop_index("ix_registrations_email_key_created", "registrations")
    op.drop_table("registrations")
