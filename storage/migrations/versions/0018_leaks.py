"""whose home a push registration stands for; subscriptions from before a share; when things began."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_ONCE = ["school_id", "principal_id", "collection_id", "resource_hash"]


def upgrade() -> None:
    """Apply this revision; until now everybody registered for what is in their own home."""
    op.add_column("push_registration", sa.Column("owner_id", sa.BigInteger(), server_default="0", nullable=False))
    op.execute("UPDATE push_registration SET owner_id = principal_id")
    op.drop_index("push_registration_once", table_name="push_registration")
    op.create_index("push_registration_once", "push_registration", [*_ONCE, "owner_id"], unique=True)
    op.add_column("subscription", sa.Column("plain", sa.Boolean(), server_default=sa.false(), nullable=False))
    for table in ("calendar", "calendar_object"):
        op.add_column(table, sa.Column("created", sa.BigInteger(), server_default="0", nullable=False))
    # Nobody knows better of what there is already.
    op.execute("UPDATE calendar_object SET created = modified")


def downgrade() -> None:
    """Undo this revision; what stands for others' homes goes."""
    for table in ("calendar", "calendar_object"):
        op.drop_column(table, "created")
    op.drop_column("subscription", "plain")
    op.execute("DELETE FROM push_registration WHERE owner_id <> principal_id")
    op.drop_index("push_registration_once", table_name="push_registration")
    op.create_index("push_registration_once", "push_registration", _ONCE, unique=True)
    op.drop_column("push_registration", "owner_id")
