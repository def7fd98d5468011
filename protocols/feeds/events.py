"""A collection as one .ics to subscribe to: what Outlook, phones and web calendars read again and again."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from protocols.feeds.shown import PRODUCT, Asked, headers, known
from protocols.wire import Response
from storage import ical, masking
from storage.errors import InvalidObject
from storage.links import Link
from storage.model import Collection
from storage.published import published
from storage.transaction import Transaction

_DAY: Final = 86_400
# A subscriber is shown the last year and all that comes; who wants the years before exports the calendar.
KEPT_SECONDS: Final = 400 * _DAY
# How often programs should look (RFC 7986, 5.7; X-PUBLISHED-TTL is what Outlook reads).
_REFRESH: Final = "PT1H"
_BUSY_TITLE: Final = "Occupé"
# Changes when the same events are shown otherwise: readers who have what was shown before ask for it anew.
_FORM: Final = "2"


def events(asked: Asked, tx: Transaction, link: Link, collection: Collection) -> Response:
    """Return what the collection shows since a year ago, private events as busy times only."""
    since = tx.now() // _DAY * _DAY - KEPT_SECONDS
    titles = zlib.crc32(f"{collection.name}\n{collection.colour}\n{link.busy}".encode())
    etag = f"{_FORM}-{collection.id}-{collection.head}-{since // _DAY}-{titles:08x}"
    same = known(asked, etag)
    if same is not None:
        return same
    texts = tx.objects.recent_texts(collection, since)
    body = ical.merge(_shown(texts, busy=link.busy), _titles(collection))
    return Response(200, (("Content-Type", "text/calendar; charset=utf-8"), *headers(etag)), body)


def _shown(texts: Iterator[tuple[str, bytes]], *, busy: bool) -> Iterator[bytes]:
    """Yield objects as strangers may see them; of private tasks and notes there is nothing to be seen."""
    for component, text in texts:
        with suppress(InvalidObject):
            if not busy and not masking.is_private(text):
                yield published(text)
            elif component == "VEVENT":
                yield masking.masked_text(text, _BUSY_TITLE)


def _titles(collection: Collection) -> list[tuple[str, str]]:
    titles = [("PRODID", PRODUCT), ("METHOD", "PUBLISH"), ("NAME", collection.name), ("X-WR-CALNAME", collection.name)]
    if collection.colour:
        titles.append(("X-APPLE-CALENDAR-COLOR", collection.colour))
    return [*titles, ("REFRESH-INTERVAL;VALUE=DURATION", _REFRESH), ("X-PUBLISHED-TTL", _REFRESH)]
