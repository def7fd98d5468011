"""dead properties of calendars and objects."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "dead_property",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("principal_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("collection_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("href", sa.String(length=512), nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "principal_id", "collection_id", "href", "name"),
    )
    op.create_index("dead_property_object", "dead_property", ["school_id", "collection_id", "href"])


def downgrade() -> None:
    """Undo this revision."""
    op.drop_index("dead_property_object", table_name="dead_property")
    op.drop_table("dead_property")
