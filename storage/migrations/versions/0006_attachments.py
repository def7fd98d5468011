"""managed attachments, and how much each person keeps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "attachment",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("managed_id", sa.String(length=64), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(length=255), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("unused_since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("school_id", "managed_id"),
    )
    op.create_index("attachment_owner", "attachment", ["school_id", "owner_id"])
    op.create_index("attachment_digest", "attachment", ["school_id", "digest"])
    op.create_index("attachment_unused", "attachment", ["school_id", "unused_since"])
    op.create_table(
        "attachment_content",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "digest", "number"),
    )
    op.create_table(
        "attachment_use",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("object_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("managed_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "object_id", "managed_id"),
    )
    op.create_index("attachment_use_managed_id", "attachment_use", ["school_id", "managed_id"])
    op.create_table(
        "kept",
        sa.Column("school_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("principal_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("octets", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "principal_id"),
    )


def downgrade() -> None:
    """Undo this revision."""
    op.drop_table("kept")
    op.drop_index("attachment_use_managed_id", table_name="attachment_use")
    op.drop_table("attachment_use")
    op.drop_table("attachment_content")
    op.drop_index("attachment_unused", table_name="attachment")
    op.drop_index("attachment_digest", table_name="attachment")
    op.drop_index("attachment_owner", table_name="attachment")
    op.drop_table("attachment")
