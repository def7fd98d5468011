"""Tables of sharing: what owners offer to people and groups, and who of a group will not have it.

What a sharee sees is a subscription with its access; these tables say why it is there.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from storage.schema import metadata

share = Table(
    "share",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("collection_id", BigInteger, nullable=False),
    # 0 where the share is with a group, whose key is "" where it is with a person.
    Column("principal_id", BigInteger, nullable=False),
    Column("group_key", String(160), nullable=False),
    Column("access", String(8), nullable=False),
    Column("status", String(16), nullable=False),
    Column("summary", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("uid", String(36), nullable=False),
)
Index("share_grantee", share.c.school_id, share.c.collection_id, share.c.principal_id, share.c.group_key, unique=True)
Index("share_principal", share.c.school_id, share.c.principal_id)

share_refusal = Table(
    "share_refusal",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("share_id", BigInteger, primary_key=True, autoincrement=False),
    Column("principal_id", BigInteger, primary_key=True, autoincrement=False),
)

# What a sharee keeps of a shared object for themself, see storage/personal.py.
personal = Table(
    "personal",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("principal_id", BigInteger, primary_key=True, autoincrement=False),
    Column("item", BigInteger, primary_key=True, autoincrement=False),
    Column("collection_id", BigInteger, nullable=False),
    Column("tag", String(32), nullable=False),
    Column("ical", LargeBinary, nullable=False),
)
Index("personal_item", personal.c.school_id, personal.c.item)
Index("personal_collection", personal.c.school_id, personal.c.collection_id)
