"""access accounts for deposits, and runs still to be told of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "import_access",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("principal_id", sa.BigInteger(), nullable=False),
        sa.Column("identifier", sa.String(length=128), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("notify", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger()),
        sa.Column("revoked", sa.BigInteger()),
        sa.PrimaryKeyConstraint("school_id", "id"),
    )
    op.create_index("import_access_secret", "import_access", ["school_id", "secret_hash"], unique=True)
    op.create_table(
        "import_untold",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "run_id"),
    )
    op.create_index("import_run_status", "import_run", ["status", "started"])


def downgrade() -> None:
    """Undo this revision."""
    op.drop_index("import_run_status", table_name="import_run")
    op.drop_table("import_untold")
    op.drop_index("import_access_secret", table_name="import_access")
    op.drop_table("import_access")
