"""what people deleted, secret links, when people can be invited."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "trash_item",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("principal_id", sa.BigInteger(), nullable=False),
        sa.Column("calendar_id", sa.BigInteger(), nullable=False),
        sa.Column("whole_id", sa.BigInteger()),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String(512), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("component", sa.String(16), nullable=False),
        sa.Column("uid", sa.String(512), nullable=False),
        sa.Column("etag", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("deleted", sa.BigInteger(), nullable=False),
        sa.Column("ical", sa.LargeBinary(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "id"),
    )
    op.create_index("trash_person", "trash_item", ["school_id", "principal_id", "deleted"])
    op.create_index("trash_calendar", "trash_item", ["school_id", "calendar_id"])
    op.create_table(
        "secret_link",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("principal_id", sa.BigInteger(), nullable=False),
        sa.Column("collection_id", sa.BigInteger(), nullable=False),
        sa.Column("busy", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger()),
        sa.PrimaryKeyConstraint("school_id", "token_hash"),
    )
    op.create_index("secret_link_person", "secret_link", ["school_id", "principal_id"])
    op.create_table(
        "scheduling_preference",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("principal_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("availability", sa.Text(), nullable=False),
        sa.Column("default_calendar", sa.BigInteger()),
        sa.PrimaryKeyConstraint("school_id", "principal_id"),
    )


def downgrade() -> None:
    """Undo this revision."""
    for name in ("scheduling_preference", "secret_link", "trash_item"):
        op.drop_table(name)
