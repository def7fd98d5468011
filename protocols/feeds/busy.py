"""When the owner of a collection is busy, without saying why: a free-busy address (CalConnect, Freebusy Read URL)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl

from protocols.feeds.shown import PRODUCT, Asked, Unfit, headers, known
from protocols.wire import Response
from storage import availability, contentlines, itip
from storage.contentlines import Component, Property
from storage.links import Link
from storage.model import Collection
from storage.transaction import Transaction

USUAL: Final = timedelta(days=42)
LONGEST: Final = timedelta(days=400)
_REACH: Final = timedelta(days=3660)
_QUERY_LIMIT: Final = 1000
_INSTANT: Final = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:T(\d\d):?(\d\d):?(\d\d)(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_PERIOD: Final = re.compile(
    r"P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,8})S)?)?", re.ASCII
)


def busy_times(asked: Asked, tx: Transaction, link: Link, collection: Collection) -> Response:
    """Return a VFREEBUSY from `start` to `end` or for `period`; six weeks from today when nothing is said."""
    start, end = _range(asked.query, tx)
    etag = f"{collection.id}-{collection.head}-{int(start.timestamp())}-{int(end.timestamp())}"
    same = known(asked, etag)
    if same is not None:
        return same
    periods = availability.merged(availability.of_collection(tx, collection, start, end))
    lines = (
        Property.make("UID", f"busy-{link.id}@cadran"),
        Property.make("DTSTAMP", itip.instant(tx.now())),
        Property.make("DTSTART", itip.instant(start)),
        Property.make("DTEND", itip.instant(end)),
        *(Property.make("FREEBUSY", f"{itip.instant(a)}/{itip.instant(b)}", FBTYPE=kind) for a, b, kind in periods),
    )
    head = (Property.make("VERSION", "2.0"), Property.make("PRODID", PRODUCT))
    body = contentlines.serialise(Component("VCALENDAR", head, (Component("VFREEBUSY", lines),)))
    return Response(200, (("Content-Type", "text/calendar; charset=utf-8"), *headers(etag)), body)


def _range(query: str, tx: Transaction) -> tuple[datetime, datetime]:
    asked = _parameters(query)
    today = datetime.fromtimestamp(tx.now(), tx.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    start = _instant(asked["start"], tx) if asked.get("start") else today.astimezone(UTC)
    if abs(start - today) > _REACH:
        raise Unfit("The range is not within ten years of today.")
    if asked.get("end") and asked.get("period"):
        raise Unfit("Either end or period is given.")
    end = _instant(asked["end"], tx) if asked.get("end") else start + _period(asked.get("period", ""))
    if not start < end or end - start > LONGEST:
        raise Unfit(f"The range ends after it starts and has at most {LONGEST.days} days.")
    return start, end


def _parameters(query: str) -> dict[str, str]:
    if len(query) > _QUERY_LIMIT:
        raise Unfit("The query is too long.")
    try:
        # A plus sign in an offset is often sent as it is; times hold no space.
        pairs = parse_qsl(query.replace("+", "%2B"), errors="strict", max_num_fields=20)
    except ValueError as error:
        raise Unfit("The query cannot be read.") from error
    return {name.lower(): value.strip() for name, value in pairs}


def _instant(text: str, tx: Transaction) -> datetime:
    """Read a date or a moment, extended or basic (RFC 3339, ISO 8601); without a zone it is the school's."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        raise Unfit("Times are such as 2026-11-22T08:00:00Z or 20261122T080000Z.")
    numbers = [int(each or 0) for each in found.groups()[:6]]
    offset = (found[7] or "").replace(":", "")
    try:
        moment = datetime(*numbers, tzinfo=tx.zone)  # type: ignore[arg-type, misc]
        if offset:
            moment = datetime.strptime(f"{moment:%Y%m%dT%H%M%S}{offset}", "%Y%m%dT%H%M%S%z")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Unfit("There is no such time.") from error


def _period(text: str) -> timedelta:
    if not text:
        return USUAL
    found = _PERIOD.fullmatch(text)
    if found is None:
        raise Unfit("A period is such as P42D.")
    weeks, days, hours, minutes, seconds = (int(each or 0) for each in found.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
