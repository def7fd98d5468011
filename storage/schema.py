"""Tables of the storage core: every key begins with the school, every number comes from the school's clock.

Ids of calendars, objects, feeds, subscriptions and principals are numbers reserved from the same clock that stamps
changes, so that no other sequence is needed and a copy of a school keeps its ids.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    false,
)

metadata = MetaData()

school = Table(
    "school",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("code", String(16), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("zone", String(64), nullable=False),
    Column("settings", JSON, nullable=False),
)

clock = Table(
    "clock",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
)

clock_log = Table(
    "clock_log",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("moment", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("login", String(128), primary_key=True),
    Column("school_id", Integer, nullable=False),
    Column("principal_id", BigInteger, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("credential", BigInteger, nullable=False),
    Column("active", Boolean, nullable=False),
)
Index("account_principal", account.c.school_id, account.c.principal_id, unique=True)

principal = Table(
    "principal",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("login", String(128), nullable=False),
    Column("name", Text, nullable=False),
    Column("family", Text, nullable=False),
    Column("usual", Text, nullable=False),
    Column("given", Text, nullable=False),
    Column("birth", Date),
    Column("email", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("source", String(16), nullable=False),
    Column("external_id", Text),
)
Index("principal_external", principal.c.school_id, principal.c.source, principal.c.external_id)

identity = Table(
    "identity",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("system", String(16), primary_key=True),
    Column("value", String(128), primary_key=True),
    Column("principal_id", BigInteger, primary_key=True, autoincrement=False),
    Column("first_seen", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
)

calendar = Table(
    "calendar",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("owner_id", BigInteger),
    Column("key", Text),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("components", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("purged", BigInteger, nullable=False),
    Column("ended", BigInteger),
    Column("transparent", Boolean, nullable=False, server_default=false()),
    Column("shared", Boolean, nullable=False, server_default=false()),
    Column("created", BigInteger, nullable=False, server_default="0"),
)
Index("calendar_seq", calendar.c.school_id, calendar.c.seq)
Index("calendar_key", calendar.c.school_id, calendar.c.kind, calendar.c.key, unique=True)

calendar_object = Table(
    "calendar_object",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("item", BigInteger, nullable=False),
    Column("calendar_id", BigInteger, nullable=False),
    Column("href", String(512), nullable=False),
    Column("uid", String(512), nullable=False),
    Column("component", String(16), nullable=False),
    Column("etag", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("starts", BigInteger, nullable=False),
    Column("ends", BigInteger, nullable=False),
    Column("recurring", Boolean, nullable=False),
    Column("indexed_until", BigInteger, nullable=False),
    Column("modified", BigInteger, nullable=False),
    Column("born", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("ended", BigInteger),
    Column("content_hash", String(64)),
    Column("ical", LargeBinary),
    Column("schedule_tag", String(64), nullable=False, server_default=""),
    Column("private", Boolean, nullable=False, server_default=false()),
    Column("created", BigInteger, nullable=False, server_default="0"),
)
_object = calendar_object.c
_live: dict[str, Any] = {"sqlite_where": _object.ended.is_(None), "postgresql_where": _object.ended.is_(None)}
_gone: dict[str, Any] = {
    "sqlite_where": _object.ended.is_not(None),
    "postgresql_where": _object.ended.is_not(None),
}
Index("object_calendar_seq", _object.school_id, _object.calendar_id, _object.seq)
Index("object_href", _object.school_id, _object.href, _object.calendar_id, unique=True, **_live)
Index("object_gone", _object.school_id, _object.href, _object.calendar_id, **_gone)
Index("object_uid", _object.school_id, _object.uid, _object.calendar_id, unique=True, **_live)
Index("object_item", _object.school_id, _object.item, **_live)
Index("object_born", _object.school_id, _object.calendar_id, _object.id, **_live)
Index("object_indexed_until", _object.school_id, _object.calendar_id, _object.indexed_until, **_live)

occurrence = Table(
    "occurrence",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("object_id", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("calendar_id", BigInteger, nullable=False),
    Column("reach", SmallInteger, nullable=False),
    Column("starts", BigInteger, nullable=False),
    Column("ends", BigInteger, nullable=False),
)
Index(
    "occurrence_range",
    occurrence.c.school_id,
    occurrence.c.calendar_id,
    occurrence.c.reach,
    occurrence.c.starts,
)

feed = Table(
    "feed",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("collection_id", BigInteger, nullable=False),
    Column("calendar_id", BigInteger, nullable=False),
    Column("shows_from", BigInteger, nullable=False),
    Column("shows_until", BigInteger, nullable=False),
    Column("narrowed", BigInteger),
    Column("keeps_from", BigInteger, nullable=False),
    Column("keeps_until", BigInteger, nullable=False),
    Column("born", BigInteger, nullable=False),
    Column("ended", BigInteger),
)
Index(
    "feed_pair",
    feed.c.school_id,
    feed.c.collection_id,
    feed.c.calendar_id,
    feed.c.keeps_from,
    unique=True,
    sqlite_where=feed.c.ended.is_(None),
    postgresql_where=feed.c.ended.is_(None),
)
Index("feed_collection", feed.c.school_id, feed.c.collection_id, feed.c.ended)
Index("feed_calendar", feed.c.school_id, feed.c.calendar_id)

subscription = Table(
    "subscription",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("principal_id", BigInteger, primary_key=True, autoincrement=False),
    Column("collection_id", BigInteger, primary_key=True, autoincrement=False),
    Column("born", BigInteger, primary_key=True, autoincrement=False),
    Column("slug", String(128), nullable=False),
    Column("name", Text, nullable=False),
    Column("colour", String(16), nullable=False),
    Column("position", Integer, nullable=False),
    Column("synchronise", Boolean, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("ended", BigInteger),
    Column("access", String(8), nullable=False, server_default=""),
    Column("remark", Text),
    Column("opaque", Boolean, nullable=False, server_default=false()),
    Column("plain", Boolean, nullable=False, server_default=false()),
    Column("spelled", Boolean, nullable=False, server_default=false()),
)
_subscribed: dict[str, Any] = {
    "sqlite_where": subscription.c.ended.is_(None),
    "postgresql_where": subscription.c.ended.is_(None),
}
Index(
    "subscription_slug",
    subscription.c.school_id,
    subscription.c.principal_id,
    subscription.c.slug,
    unique=True,
    **_subscribed,
)
Index("subscription_seq", subscription.c.school_id, subscription.c.seq)

membership = Table(
    "membership",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("collection_id", BigInteger, primary_key=True, autoincrement=False),
    Column("principal_id", BigInteger, primary_key=True, autoincrement=False),
    Column("born", BigInteger, primary_key=True, autoincrement=False),
    Column("role", String(16), nullable=False),
    Column("shows_from", BigInteger, nullable=False),
    Column("shows_until", BigInteger, nullable=False),
    Column("ended", BigInteger),
)
Index("membership_principal", membership.c.school_id, membership.c.principal_id)

device = Table(
    "device",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("principal_id", BigInteger, primary_key=True, autoincrement=False),
    Column("device_id", String(64), primary_key=True),
    Column("device_type", String(64), nullable=False),
    Column("user_agent", String(256), nullable=False),
    Column("model", String(128), nullable=False),
    Column("version", String(8), nullable=False),
    Column("policy_key", BigInteger, nullable=False),
    Column("pending_key", BigInteger, nullable=False),
    Column("blocked", Boolean, nullable=False),
    Column("first_seen", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
    Column("quarantined", Boolean, nullable=False, server_default=false()),
    Column("wipe", String(16), nullable=False, server_default=""),
    Column("policy", String(16), nullable=False, server_default=""),
    Column("error", String(64), nullable=False, server_default=""),
    Column("error_at", BigInteger, nullable=False, server_default="0"),
)

device_state = Table(
    "device_state",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("principal_id", BigInteger, primary_key=True, autoincrement=False),
    Column("device_id", String(64), primary_key=True),
    Column("scope", String(64), primary_key=True),
    Column("generation", BigInteger, primary_key=True, autoincrement=False),
    Column("data", JSON, nullable=False),
)

import_run = Table(
    "import_run",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("id", String(36), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("format", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("file_name", Text, nullable=False),
    Column("file_hash", String(64), nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("finished", BigInteger),
    Column("report", JSON, nullable=False),
    Column("file_id", String(36)),
    Column("access_id", String(36)),
)

audit = Table(
    "audit",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("id", String(36), primary_key=True),
    Column("moment", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", JSON, nullable=False),
)

outbox_message = Table(
    "outbox_message",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("id", String(36), primary_key=True),
    Column("key", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("sender", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("method", String(16), nullable=False),
    Column("uid", String(512), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("error", Text, nullable=False),
)
Index("outbox_key", outbox_message.c.school_id, outbox_message.c.key, unique=True)
Index("outbox_due", outbox_message.c.state, outbox_message.c.next_try)

dead_property = Table(
    "dead_property",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("principal_id", BigInteger, primary_key=True, autoincrement=False),
    Column("collection_id", BigInteger, primary_key=True, autoincrement=False),
    Column("href", String(512), primary_key=True),
    Column("name", String(512), primary_key=True),
    Column("value", Text, nullable=False),
)
Index("dead_property_object", dead_property.c.school_id, dead_property.c.collection_id, dead_property.c.href)
