"""Tables of delegation: who stands in for whom, when they last did, and where moved objects come from."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from storage.schema import metadata

delegation: Final = Table(
    "delegation",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("owner_id", BigInteger, primary_key=True, autoincrement=False),
    Column("delegate_id", BigInteger, primary_key=True, autoincrement=False),
    Column("access", String(16), nullable=False),
    # The number at which the access was given: what was seen before may have been more, or less.
    Column("born", BigInteger, nullable=False),
)
Index("delegation_delegate", delegation.c.school_id, delegation.c.delegate_id)

visit: Final = Table(
    "visit",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("visitor_id", BigInteger, primary_key=True, autoincrement=False),
    Column("owner_id", BigInteger, primary_key=True, autoincrement=False),
    Column("hour", BigInteger, nullable=False),
)

object_origin: Final = Table(
    "object_origin",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("item", BigInteger, primary_key=True, autoincrement=False),
    Column("origin", BigInteger, nullable=False),
)
