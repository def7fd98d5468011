"""files, choices and journals of imports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "import_file",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("school_id", "id"),
    )
    op.create_index("import_file_received", "import_file", ["school_id", "received"])
    op.create_table(
        "import_choice",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "name"),
    )
    op.create_table(
        "import_journal",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "run_id"),
    )
    with op.batch_alter_table("import_run") as batch:
        batch.add_column(sa.Column("file_id", sa.String(length=36)))
        batch.add_column(sa.Column("access_id", sa.String(length=36)))


def downgrade() -> None:
    """Undo this revision."""
    with op.batch_alter_table("import_run") as batch:
        batch.drop_column("access_id")
        batch.drop_column("file_id")
    op.drop_table("import_journal")
    op.drop_table("import_choice")
    op.drop_index("import_file_received", table_name="import_file")
    op.drop_table("import_file")
