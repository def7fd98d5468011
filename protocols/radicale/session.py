"""One school of one database as Radicale's three plug-ins share it, and the transaction that a thread holds.

Radicale asks for its rights and its items inside `acquire_lock`, for some properties of collections after it: whoever
needs the database takes the transaction of the thread, or for a moment one of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from threading import local
from typing import Final

from radicale.config import Configuration

from protocols.radicale import names
from protocols.radicale.errors import translate
from storage.directory import Account
from storage.errors import CadranError, NotFound, SchemaMissing, SchemaOutdated, SchemaTooNew
from storage.model import CalendarKind, Client, ClientKind, Collection, Principal
from storage.store import Store
from storage.transaction import Transaction

DAV_CLIENT = Client(ClientKind.DAV)
_SQLITE: Final = "sqlite:///"


class _Undone(Exception):
    """A refused request ends its transaction without a trace."""


class Session:
    """A transaction, and what was looked up in it: Radicale asks for the same rights once for each item."""

    def __init__(self, tx: Transaction, login: str) -> None:
        """Remember who is logged in, "" for nobody."""
        self.tx = tx
        self.login = login
        self.undone = False
        self._people: dict[str, Principal | None] = {}
        self._collections: dict[tuple[str, str], Collection | None] = {}

    def person(self, login: str) -> Principal | None:
        """Return the person of a login, None when there is none in this school."""
        if login not in self._people:
            try:
                self._people[login] = self.tx.principals.by_login(login)
            except NotFound:
                self._people[login] = None
        return self._people[login]

    def collections(self, login: str) -> tuple[Collection, ...]:
        """Return what a person sees through a DAV client, in the person's order."""
        person = self.person(login)
        if person is None:
            return ()
        visible = self.tx.collections.visible(person, DAV_CLIENT)
        found = tuple(each for each in visible if each.kind is not CalendarKind.WEBCAL)
        self._collections.update({(login, names.shown(each.slug)): each for each in found})
        return found

    def collection(self, login: str, slug: str) -> Collection | None:
        """Return the collection a person calls by a slug, as Radicale spells it, None when there is none."""
        if (login, slug) not in self._collections:
            person = self.person(login)
            found = None
            if person is not None:
                with suppress(NotFound):
                    found = self.tx.collections.by_slug(person, names.kept(slug), DAV_CLIENT)
            self._collections[login, slug] = found
        return self._collections[login, slug]

    @contextmanager
    def changing(self) -> Iterator[Transaction]:
        """Yield the transaction to write in; a refusal is told as Radicale's storages do, and undoes everything.

        Radicale turns a refusal into an answer before it lets the lock go, which would commit what went before.
        """
        self._collections.clear()
        try:
            yield self.tx
        except CadranError as error:
            self.undone = True
            raise translate(error) from error
        except ValueError:
            self.undone = True
            raise


class Desk:
    """One school of one database; safe to share between threads."""

    def __init__(self, url: str, code: str) -> None:
        """Open a database; raises NotFound, SchemaOutdated and their kin, ValueError when the school must be named."""
        self.store = Store(url)
        self.store.check()
        self.school_id = self._school_id(code)
        self._mine = local()

    def _school_id(self, code: str) -> int:
        if code:
            return self.store.directory.school(code).id
        schools = self.store.directory.schools()
        if len(schools) != 1:
            codes = ", ".join(school.code for school in schools)
            raise ValueError(f"the option “school” names one of the schools of the database: {codes}")
        return schools[0].id

    def account(self, login: str) -> Account | None:
        """Return the open account of a login in this school."""
        found = self.store.directory.account(login)
        if found is None or found.principal.school_id != self.school_id or not found.principal.active:
            return None
        return found

    @contextmanager
    def hold(self, mode: str, login: str) -> Iterator[None]:
        """Hold a transaction in this thread: a reading one for "r", a writing one for "w"."""
        opened = self.store.writing if mode == "w" else self.store.reading
        before = getattr(self._mine, "session", None)
        with suppress(_Undone), opened(self.school_id) as tx:
            if mode == "w":
                tx.lock()
            self._mine.session = session = Session(tx, login)
            try:
                yield
            finally:
                self._mine.session = before
            if session.undone:
                raise _Undone

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Yield the session this thread holds, or a reading one for the moment."""
        held: Session | None = getattr(self._mine, "session", None)
        if held is not None:
            yield held
            return
        with self.store.reading(self.school_id) as tx:
            yield Session(tx, "")


@cache
def _opened(url: str, code: str) -> Desk:
    file = url.removeprefix(_SQLITE)
    if file != url and not Path(file).is_file():
        raise RuntimeError(f"there is no database {file}: “cadran init” makes it")
    try:
        return Desk(url, code)
    except CadranError as error:
        raise RuntimeError(_unfit(error)) from error


def _unfit(error: CadranError) -> str:
    """Return for the log why a database cannot be served."""
    match error:
        case SchemaMissing():
            return "the database holds no tables of Cadran: “cadran init” makes them"
        case SchemaOutdated() | SchemaTooNew():
            return f"the database is of revision {error.found}, this program of {error.known}: see “cadran migrate”"
        case NotFound():
            return f"the database holds no {error.kind} {error.key}"
    return repr(error)


def desk(configuration: Configuration, section: str) -> Desk:
    """Return the desk that `database` and `school` of a section name, or else those of `[storage]`.

    Raises RuntimeError or ValueError with the words that Radicale logs when it does not start.
    """
    url = _option(configuration, section, "database")
    if not url:
        raise RuntimeError("the option “database” of [storage] is the address of Cadran's database")
    return _opened(url, _option(configuration, section, "school").upper())


def _option(configuration: Configuration, section: str, name: str) -> str:
    for place in (section, "storage"):
        with suppress(KeyError):
            return str(configuration.get(place, name))
    return ""
