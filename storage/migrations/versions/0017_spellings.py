"""names keep the spelling of reserved characters: those there are keep the one that was told of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import unquote

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# What was told percent-encoded, whatever its client had written; @ + and = were told as they are.
_ENCODED = "%!$&'()*,;:"
_CODES = str.maketrans({mark: f"%{ord(mark):02X}" for mark in _ENCODED})
_CHUNK = 1_000
_TEXTS = {"href", "slug", "name"}

# Of each table: the column of names and its length, what else makes a row unique, and its key.
_TABLES: tuple[tuple[str, str, int, tuple[str, ...], tuple[str, ...]], ...] = (
    ("calendar_object", "href", 512, ("school_id", "calendar_id", "ended"), ("school_id", "id")),
    (
        "subscription",
        "slug",
        128,
        ("school_id", "principal_id", "ended"),
        ("school_id", "principal_id", "collection_id", "born"),
    ),
    ("trash_item", "name", 512, ("school_id", "id"), ("school_id", "id")),
    (
        "dead_property",
        "href",
        512,
        ("school_id", "principal_id", "collection_id", "name"),
        ("school_id", "principal_id", "collection_id", "href", "name"),
    ),
)


def upgrade() -> None:
    """Apply this revision: every address stays the one that clients know; calendars are found in any spelling."""
    op.add_column("subscription", sa.Column("spelled", sa.Boolean(), nullable=False, server_default=sa.false()))
    for name, column, length, _, key in _TABLES:
        table = _table(name, {column, *key})
        this = table.c[column]
        concerned = sa.or_(*(this.contains(mark, autoescape=True) for mark in _ENCODED))
        # The longest first: what a shorter name becomes may be what a longer one was.
        rows = op.get_bind().execute(
            sa.select(this, *(table.c[each] for each in key)).where(concerned).order_by(sa.func.length(this).desc())
        )
        _rename(table, column, key, [(_spelled(row[0], length), row[1:]) for row in rows])


def _spelled(text: str, length: int) -> str:
    """Return a text as the name that it was told as; one that would be too long becomes another."""
    name = text.translate(_CODES)
    return name if len(name) <= length else hashlib.sha256(text.encode()).hexdigest()


def _table(name: str, columns: Iterable[str]) -> Any:
    return sa.table(name, *(sa.column(each, sa.String() if each in _TEXTS else sa.BigInteger()) for each in columns))


def _rename(table: Any, column: str, key: Sequence[str], renamed: list[tuple[str, Any]]) -> None:
    here = sa.and_(*(table.c[each] == sa.bindparam(f"b_{each}") for each in key))
    change = sa.update(table).where(here).values({column: sa.bindparam("b_new")})
    for at in range(0, len(renamed), _CHUNK):
        op.get_bind().execute(
            change,
            [
                {f"b_{each}": value for each, value in zip(key, values, strict=True)} | {"b_new": new}
                for new, values in renamed[at : at + _CHUNK]
            ],
        )


def downgrade() -> None:
    """Undo this revision: names are decoded again, but for one whose other spelling is a thing of its own."""
    for name, column, _, scope, key in _TABLES:
        table = _table(name, {column, *scope, *key})
        this = table.c[column]
        columns = [table.c[each] for each in (*key, *scope)]
        rows = (
            op.get_bind()
            .execute(
                sa.select(this, *columns)
                .where(this.contains("%", autoescape=True))
                .order_by(sa.func.length(this), this)
            )
            .all()
        )
        for row in rows:
            values, place = row[1 : 1 + len(key)], dict(zip(scope, row[1 + len(key) :], strict=True))
            if _free(table, column, unquote(row[0]), place):
                _rename(table, column, key, [(unquote(row[0]), values)])

    op.drop_column("subscription", "spelled")


def _free(table: Any, column: str, name: str, place: dict[str, Any]) -> bool:
    where = (table.c[each].is_(None) if value is None else table.c[each] == value for each, value in place.items())
    there = sa.and_(table.c[column] == name, *where)
    return op.get_bind().execute(sa.select(sa.literal(1)).select_from(table).where(there)).first() is None
