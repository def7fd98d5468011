"""sharing: who is offered a calendar, who has one of another's, and which objects are private."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this revision; objects written before it are looked at once, so that what is private is known."""
    op.add_column("calendar", sa.Column("shared", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("calendar_object", sa.Column("private", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("subscription", sa.Column("access", sa.String(8), nullable=False, server_default=""))
    op.add_column("subscription", sa.Column("remark", sa.Text(), nullable=True))
    op.add_column("subscription", sa.Column("opaque", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "share",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("collection_id", sa.BigInteger(), nullable=False),
        sa.Column("principal_id", sa.BigInteger(), nullable=False),
        sa.Column("group_key", sa.String(160), nullable=False),
        sa.Column("access", sa.String(8), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("uid", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "id"),
    )
    op.create_index("share_grantee", "share", ["school_id", "collection_id", "principal_id", "group_key"], unique=True)
    op.create_index("share_principal", "share", ["school_id", "principal_id"])
    op.create_table(
        "share_refusal",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("share_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("principal_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("school_id", "share_id", "principal_id"),
    )
    op.create_table(
        "personal",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("principal_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("item", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("collection_id", sa.BigInteger(), nullable=False),
        sa.Column("tag", sa.String(32), nullable=False),
        sa.Column("ical", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "principal_id", "item"),
    )
    op.create_index("personal_item", "personal", ["school_id", "item"])
    op.create_index("personal_collection", "personal", ["school_id", "collection_id"])
    _mark_private()


def _mark_private() -> None:
    objects = sa.table(
        "calendar_object",
        sa.column("school_id", sa.Integer()),
        sa.column("id", sa.BigInteger()),
        sa.column("ical", sa.LargeBinary()),
        sa.column("content_hash", sa.String()),
        sa.column("private", sa.Boolean()),
    )
    # Lessons have a content hash and are nobody's secret; anything that speaks of a class is taken for private.
    written = sa.select(objects.c.school_id, objects.c.id, objects.c.ical).where(
        objects.c.ical.is_not(None), objects.c.content_hash.is_(None)
    )
    connection = op.get_bind()
    private = [row[:2] for row in connection.execute(written) if _speaks_of_class(row.ical)]
    for school_id, number in private:
        this = sa.and_(objects.c.school_id == school_id, objects.c.id == number)
        connection.execute(sa.update(objects).where(this).values(private=True))


def _speaks_of_class(text: bytes) -> bool:
    lines = text.replace(b"\r\n", b"\n").replace(b"\n ", b"").replace(b"\n\t", b"").upper().split(b"\n")
    names = (b"CLASS", b"X-CALENDARSERVER-ACCESS")
    return any(line.startswith(names) and not line.endswith(b":PUBLIC") for line in lines)


def downgrade() -> None:
    """Undo this revision."""
    op.drop_index("personal_collection", table_name="personal")
    op.drop_index("personal_item", table_name="personal")
    op.drop_table("personal")
    op.drop_table("share_refusal")
    op.drop_index("share_principal", table_name="share")
    op.drop_index("share_grantee", table_name="share")
    op.drop_table("share")
    for table, column in (
        ("subscription", "opaque"),
        ("subscription", "remark"),
        ("subscription", "access"),
        ("calendar_object", "private"),
        ("calendar", "shared"),
    ):
        op.drop_column(table, column)
