"""subfolders and probe files of deposit folders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "deposit_entry",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("access_id", sa.String(length=36), nullable=False),
        sa.Column("path", sa.String(length=600), nullable=False),
        sa.Column("folder", sa.Boolean(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("school_id", "access_id", "path"),
    )


def downgrade() -> None:
    """Undo this revision."""
    op.drop_table("deposit_entry")
