"""quarantine, wipes, policies and refusals of phones; reminders on read-only entries; notices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None

_ADDED = ("error_at", "error", "policy", "wipe", "quarantined")


def upgrade() -> None:
    """Apply this revision."""
    op.add_column("device", sa.Column("quarantined", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("device", sa.Column("wipe", sa.String(length=16), server_default="", nullable=False))
    op.add_column("device", sa.Column("policy", sa.String(length=16), server_default="", nullable=False))
    op.add_column("device", sa.Column("error", sa.String(length=64), server_default="", nullable=False))
    op.add_column("device", sa.Column("error_at", sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "reminder_overlay",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("principal_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("collection_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("item", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("suffix", sa.String(length=16), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("school_id", "principal_id", "collection_id", "item", "suffix"),
    )
    op.create_table(
        "notice",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("principal_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("moment", sa.BigInteger(), nullable=False),
        sa.Column("mailed", sa.Boolean(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "id"),
    )
    op.create_index("notice_key", "notice", ["school_id", "principal_id", "key"], unique=True)


def downgrade() -> None:
    """Undo this revision."""
    op.drop_index("notice_key", table_name="notice")
    op.drop_table("notice")
    op.drop_table("reminder_overlay")
    for name in _ADDED:
        op.drop_column("device", name)
