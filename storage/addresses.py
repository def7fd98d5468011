"""Calendar user addresses: under which addresses people are invited, and who has one (RFC 6638, 2.4.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from sqlalchemy import func, select

from storage import itip
from storage.directory import PERSON, WITH_ACCOUNT, to_principal
from storage.errors import NotFound
from storage.model import Principal
from storage.schema import account, principal

if TYPE_CHECKING:
    from storage.transaction import Transaction

# Where a person's principal is: clients take this path for an address of theirs.
PRINCIPALS: Final = "/dav/principals/"


def of(person: Principal) -> frozenset[str]:
    """Return the addresses of a person in the form in which `resolved` keeps them."""
    path = f"{PRINCIPALS}{person.login}/"
    return frozenset({path, f"mailto:{person.email.strip().casefold()}"} if person.email.strip() else {path})


def resolved(value: str) -> str:
    """Return an address with a principal's, however it is written, as its plain decoded path."""
    found = itip.address(value)
    if found.startswith("mailto:"):
        return found
    try:
        path = unquote(urlsplit(found).path)
    except ValueError:
        return found
    if not path.startswith(PRINCIPALS):
        return found
    return f"{PRINCIPALS}{path.removeprefix(PRINCIPALS).strip('/').casefold()}/"


def holder(tx: Transaction, value: str) -> Principal | None:
    """Return the active person of the school who alone has an address, None when there is none.

    An address that several share, as siblings share a parent's, is nobody's here and gets mail.
    """
    known = resolved(value)
    if known.startswith(PRINCIPALS):
        try:
            found = tx.principals.by_login(known.removeprefix(PRINCIPALS).rstrip("/"))
        except NotFound:
            return None
        return found if found.active else None
    # Without a mailbox it is no address: it must not mean the one person who has none.
    if not known.startswith("mailto:") or known == "mailto:":
        return None
    query = (
        select(*PERSON)
        .select_from(WITH_ACCOUNT)
        .where(principal.c.school_id == tx.school_id, account.c.active, func.lower(principal.c.email) == known[7:])
        .limit(2)
    )
    people = [to_principal(row) for row in tx.connection.execute(query)]
    return people[0] if len(people) == 1 else None
