"""people feeds, decisions, drafts and archived courses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "fed_person",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("principal_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("given_names", sa.Text(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.BigInteger()),
        sa.PrimaryKeyConstraint("school_id", "principal_id"),
    )
    op.create_table(
        "guardian_link",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("pupil_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("guardian_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("legal", sa.Boolean(), nullable=False),
        sa.Column("relation", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "pupil_id", "guardian_id"),
    )
    op.create_table(
        "people_run",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("moment", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "id"),
    )
    op.create_table(
        "import_decision",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("names_key", sa.Text(), nullable=False),
        sa.Column("idpn", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("principal_id", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("moment", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "id"),
    )
    op.create_index("import_decision_principal", "import_decision", ["school_id", "principal_id"])
    op.create_table(
        "import_draft",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("file_id", sa.String(length=36), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "id"),
    )
    op.create_table(
        "archived_course",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("collection_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("year", sa.String(length=16), nullable=False),
        sa.Column("moment", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "collection_id"),
    )


def downgrade() -> None:
    """Undo this revision."""
    op.drop_table("archived_course")
    op.drop_table("import_draft")
    op.drop_index("import_decision_principal", "import_decision")
    op.drop_table("import_decision")
    op.drop_table("people_run")
    op.drop_table("guardian_link")
    op.drop_table("fed_person")
