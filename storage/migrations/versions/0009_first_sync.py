"""objects of a calendar in order of birth, for the pages of a first sync."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_LIVE = sa.text("ended IS NULL")


def upgrade() -> None:
    """Apply this revision."""
    op.create_index(
        "object_born",
        "calendar_object",
        ["school_id", "calendar_id", "id"],
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )


def downgrade() -> None:
    """Undo this revision."""
    op.drop_index("object_born", table_name="calendar_object")
