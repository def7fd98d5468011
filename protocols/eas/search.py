"""Answer Search: the directory of the school, as far as the person may know it (MS-ASCMD 2.2.1.16).

There is no mailbox and no document library to search. Pupils find those who work at the school, and each other only
where the school's setting allows it.
"""

from __future__ import annotations

import re
from typing import Final

from protocols.eas.answers import INVALID_XML, document
from protocols.eas.body import one_line
from protocols.eas.codepages import GAL
from protocols.eas.codepages import Search as Tags
from protocols.eas.errors import CommandRefused
from protocols.eas.session import Session
from protocols.eas.wbxml import E, Element
from protocols.wire import Response
from storage.model import Principal

OK: Final = 1
INVALID: Final = 2
NO_STORE: Final = 6
TOO_COMPLEX: Final = 8
PAST_THE_END: Final = 12
NO_PICTURE: Final = 173

DIRECTORY: Final = "gal"
_OTHER_STORES: Final = frozenset({"mailbox", "document library", "documentlibrary"})
MAX_RESULTS: Final = 100
MAX_QUERY: Final = 256
_RANGE: Final = re.compile(r"([0-9]{1,6})-([0-9]{1,6})", re.ASCII)


def search(session: Session, root: Element) -> Response:
    """Search the one store that a request names."""
    stores = root.all(Tags.Store)
    if len(stores) != 1:
        raise CommandRefused(INVALID_XML)
    try:
        said = _found(session, stores[0])
    except CommandRefused as refused:
        said = E(Tags.Store, E(Tags.Status, refused.status))
    return document(E(Tags.Search, E(Tags.Status, OK), E(Tags.Response, said)))


def _found(session: Session, store: Element) -> Element:
    """Return the results; raises CommandRefused with a status of the store."""
    text = _query(store)
    first, last = _range(store.value(Tags.Options, Tags.Range))
    people = session.tx.address_book.find(session.principal, text)
    if people and first >= len(people):
        raise CommandRefused(PAST_THE_END)
    shown = people[first : last + 1]
    pictured = session.version >= "14.1" and _asks_pictures(store)
    school = session.tx.school.name
    results = [_result(each, school, pictured=pictured) for each in shown]
    told = E(Tags.Range, f"{first}-{first + len(shown) - 1}") if shown else None
    return E(Tags.Store, E(Tags.Status, OK), *results, told, E(Tags.Total, len(people)))


def _query(store: Element) -> str:
    name, query = (store.value(Tags.Name) or "").strip().casefold(), store.find(Tags.Query)
    if any(len(store.all(each)) > 1 for each in (Tags.Name, Tags.Query, Tags.Options)):
        raise CommandRefused(INVALID)
    if name in _OTHER_STORES:
        raise CommandRefused(NO_STORE)
    if name != DIRECTORY or query is None:
        raise CommandRefused(INVALID)
    if query.children:
        # Conditions and free text belong to the stores that are not here.
        raise CommandRefused(TOO_COMPLEX)
    text = one_line(query.content).strip()
    if not text or len(text) > MAX_QUERY:
        raise CommandRefused(INVALID)
    return text


def _range(text: str | None) -> tuple[int, int]:
    """Return the first and the last result wanted, counted from 0; no more than MAX_RESULTS are given."""
    if not text:
        return 0, MAX_RESULTS - 1
    match = _RANGE.fullmatch(text.strip())
    if match is None or int(match[1]) > int(match[2]):
        raise CommandRefused(INVALID)
    first = int(match[1])
    return first, min(int(match[2]), first + MAX_RESULTS - 1)


def _asks_pictures(store: Element) -> bool:
    options = store.find(Tags.Options)
    return options is not None and options.has(Tags.Picture)


def _result(person: Principal, school: str, *, pictured: bool) -> Element:
    facts = (
        (GAL.DisplayName, person.name),
        (GAL.Company, school),
        (GAL.FirstName, person.given),
        (GAL.LastName, person.usual or person.family),
        (GAL.EmailAddress, person.email),
    )
    told = [E(tag, one_line(text)) for tag, text in facts if text.strip()]
    picture = E(GAL.Picture, E(GAL.Status, NO_PICTURE)) if pictured else None
    return E(Tags.Result, E(Tags.Properties, *told, picture))
