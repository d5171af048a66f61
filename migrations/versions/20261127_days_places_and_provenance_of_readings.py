"""Days, places and provenance of readings: what sums over many accounts and videos are read from"""

import sqlalchemy as sa
from alembic import op

revision = "a6524b16b748"
down_revision = "e0b95f3a6c17"
branch_labels = None
depends_on = None

_OF_PROFILE, _OF_VIDEOS = ("followers", "following", "likes", "videos"), ("views", "likes", "comments", "shares")
LAST_OF_DAYS = {
    "account_readings": ["captured_at", *_OF_PROFILE, *(f"{name}_drops" for name in _OF_PROFILE)],
    "account_totals": [
        "captured_at",
        *_OF_VIDEOS,
        *(f"{name}_gained" for name in _OF_VIDEOS),
        *(f"{name}_drops" for name in _OF_VIDEOS),
    ],
}


def upgrade() -> None:
    op.create_table(
        "day_zones",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("thinned_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_day_zones_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_zones")),
        sa.UniqueConstraint("account_id", name=op.f("uq_day_zones_account_id")),
    )
    op.create_table(
        "video_totals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in _BY_VIDEO),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_video_totals_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_video_totals")),
        sa.UniqueConstraint("account_id", "captured_at", name=op.f("uq_video_totals_account_id_captured_at")),
    )
    op.create_table(
        "video_starts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in _OF_VIDEOS),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_video_starts_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_video_starts")),
        sa.UniqueConstraint("account_id", name=op.f("uq_video_starts_account_id")),
    )
    if op.get_bind().dialect.name == "postgresql":
        _store_as_it_is("video_totals", _BY_VIDEO)
        _store_as_it_is("video_starts", _OF_VIDEOS)
    _add("account_readings", sa.Column("day", sa.Date(), nullable=True))
    _add(
        "account_totals",
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_back_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.String(length=32), nullable=False, server_default="video_list"),
        sa.Column("day", sa.Date(), nullable=True),
    )
    _add("video_readings", sa.Column("source", sa.String(length=32), nullable=False, server_default="video_list"))
    _add(
        "video_syncs",
        sa.Column("kind", sa.String(length=32), nullable=False, server_default="full"),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True),
    )
    for table, columns in LAST_OF_DAYS.items():
        op.create_index(f"ix_{table}_day", table, ["account_id", "day"], unique=True, **_where(columns))
    _add(
        "videos",
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("post_id", sa.Uuid(), nullable=True),
        sa.Column("publication_id", sa.Uuid(), nullable=True),
        sa.Column("matched_by", sa.String(length=32), nullable=True),
        sa.Column("young_views", sa.BigInteger(), nullable=True),
        sa.Column("young_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.execute(
        """
        UPDATE videos SET position = placed.place
        FROM (
          SELECT id, row_number() OVER (PARTITION BY account_id ORDER BY listed_at, id) - 1 AS place FROM videos
        ) AS placed
        WHERE placed.id = videos.id
        """
    )
    with op.batch_alter_table("videos") as table:
        table.alter_column("position", existing_type=sa.Integer(), nullable=False)
        table.create_index("ix_videos_account_position", ["account_id", "position"], unique=True)
        for name in ("post", "publication"):
            table.create_index(op.f(f"ix_videos_{name}_id"), [f"{name}_id"])
            foreign_key = op.f(f"fk_videos_{name}_id_{name}s")
            table.create_foreign_key(foreign_key, f"{name}s", [f"{name}_id"], ["id"], ondelete="SET NULL")


_BY_VIDEO = ("views", "likes", "comments", "shares", "public")


def _store_as_it_is(table: str, columns: tuple[str, ...]) -> None:
    """Arrays of real numbers compress badly, and are read whole: to unpack them would cost more than all else in a query."""
    for name in columns:
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {name} SET STORAGE EXTERNAL")
    op.execute(f"ALTER TABLE {table} SET (toast_tuple_target = 8160)")


def _add(table: str, *columns: sa.Column) -> None:
    with op.batch_alter_table(table) as changed:
        for column in columns:
            changed.add_column(column)
    for column in columns:
        if column.server_default is not None:  # it filled the rows that were there
            with op.batch_alter_table(table) as changed:
                changed.alter_column(column.name, existing_type=sa.String(length=32), server_default=None)


def _where(columns: list[str]) -> dict[str, object]:
    is_last = sa.text("day IS NOT NULL")
    return {"postgresql_include": columns, "postgresql_where": is_last, "sqlite_where": is_last}


def downgrade() -> None:
    with op.batch_alter_table("videos") as table:
        for name in ("post", "publication"):
            table.drop_constraint(op.f(f"fk_videos_{name}_id_{name}s"), type_="foreignkey")
            table.drop_index(op.f(f"ix_videos_{name}_id"))
        table.drop_index("ix_videos_account_position")
        for name in ("young_at", "young_views", "matched_by", "publication_id", "post_id", "position"):
            table.drop_column(name)
    for table_name in LAST_OF_DAYS:
        op.drop_index(f"ix_{table_name}_day", table_name)
    for table_name, names in {
        "video_syncs": ("moved_at", "kind"),
        "video_readings": ("source",),
        "account_totals": ("day", "source", "read_back_to", "started_at"),
        "account_readings": ("day",),
    }.items():
        with op.batch_alter_table(table_name) as table:
            for name in names:
                table.drop_column(name)
    op.drop_table("video_starts")
    op.drop_table("video_totals")
    op.drop_table("day_zones")
