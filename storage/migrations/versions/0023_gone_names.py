"""names that objects had."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_ENDED = sa.text("ended IS NOT NULL")


def upgrade() -> None:
    """Apply this revision."""
    op.create_index(
        "object_gone",
        "calendar_object",
        ["school_id", "href", "calendar_id"],
        sqlite_where=_ENDED,
        postgresql_where=_ENDED,
    )


def downgrade() -> None:
    """Undo this revision."""
    op.drop_index("object_gone", table_name="calendar_object")
