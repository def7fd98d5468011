"""delegations, visits of homes, and where moved objects come from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "delegation",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("owner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("delegate_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("access", sa.String(16), nullable=False),
        sa.Column("born", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "owner_id", "delegate_id"),
    )
    op.create_index("delegation_delegate", "delegation", ["school_id", "delegate_id"])
    op.create_table(
        "visit",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("visitor_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("owner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "visitor_id", "owner_id"),
    )
    op.create_table(
        "object_origin",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("origin", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "item"),
    )


def downgrade() -> None:
    """Undo this revision."""
    op.drop_table("object_origin")
    op.drop_table("visit")
    op.drop_index("delegation_delegate", table_name="delegation")
    op.drop_table("delegation")
