"""`[storage] type = protocols.radicale.storage`: Radicale's storage on our database; options `database` and `school`.

A person's home is `/<login>/`, a calendar `/<login>/<slug>/`: collections, rights and names are those of our engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from radicale.config import Configuration
from radicale.item import Item
from radicale.log import logger
from radicale.pathutils import strip_path
from radicale.storage import BaseCollection, BaseStorage

from protocols.radicale import names, properties
from protocols.radicale.errors import Refused, forbidden
from protocols.radicale.nodes import Calendar, Folder, check_name
from protocols.radicale.session import Session, desk
from storage.model import Collection
from storage.transaction import Transaction

CALENDAR_PARTS = 2
OBJECT_PARTS = 3

Parent = Callable[[str, str | None], AbstractContextManager[None]]


class Storage(BaseStorage):
    """Our database as Radicale sees it: `acquire_lock` is a transaction, and everything else happens inside."""

    # Names are keys of a table here: any character, any letter case.
    _is_collision_free = True
    _supports_unicode = True
    _supports_trailing_whitespace = True
    _supports_problematic_chars = True

    def __init__(self, configuration: Configuration) -> None:
        """Open the database of the configuration."""
        super().__init__(configuration)
        self._desk = desk(configuration, "storage")

    @contextmanager
    def acquire_lock(self, mode: str, user: str = "", *args: object, **kwargs: object) -> Iterator[None]:
        """Hold a transaction: reading for "r", writing for "w"; a refused request leaves no trace."""
        with self._desk.hold(mode, user):
            yield

    def discover(
        self,
        path: str,
        depth: str = "0",
        child_context_manager: Parent | None = None,
        user_groups: set[str] = frozenset(),  # type: ignore[assignment]
    ) -> Iterable[Item | BaseCollection]:
        """Return what is under a path, and with a depth other than "0" what it holds; empty when there is nothing.

        The root lists the home of the person logged in, and of nobody else.
        """
        parts = strip_path(path).split("/") if strip_path(path) else []
        with self._desk.session() as session:
            return self._found(session, parts, deep=depth != "0")

    def _found(self, session: Session, parts: list[str], *, deep: bool) -> list[Item | BaseCollection]:
        if not parts:
            return [Folder(""), *(_homes(session, session.login) if deep and session.login else ())]
        if len(parts) == 1:
            homes = _homes(session, parts[0])
            seen = session.collections(parts[0]) if deep and homes else ()
            return [*homes, *(Calendar(self._desk, parts[0], each) for each in seen)]
        collection = session.collection(parts[0], parts[1])
        if collection is None or len(parts) > OBJECT_PARTS:
            return []
        calendar = Calendar(self._desk, parts[0], collection)
        if len(parts) == CALENDAR_PARTS:
            return [calendar, *(calendar.get_all() if deep else ())]
        item = calendar.find(parts[2])
        return [] if item is None else [item]

    def create_collection(
        self, href: str, items: Iterable[Item] | None = None, props: Mapping[str, str] | None = None
    ) -> tuple[BaseCollection, dict[str, Item], list[str]]:
        """Make a calendar in a person's home, or put other objects in the place of a calendar's own.

        A calendar that is there keeps its address and the properties that are not given. Raises Refused for address
        books and for anything outside a home.
        """
        login, _, slug = strip_path(href).partition("/")
        if props is None:
            for node in self.discover(href):
                if isinstance(node, BaseCollection):
                    return node, {}, []
        if not slug or "/" in slug:
            raise forbidden("only calendars can be made, in one's home")
        with self._desk.session() as session, session.changing() as tx:
            person = session.person(login)
            if person is None:
                raise forbidden("there is no such person")
            collection = session.collection(login, slug)
            if collection is None:
                collection = tx.collections.create(person, properties.new_calendar(slug, props or {}))
            elif props:
                wanted = properties.described(collection) | dict(props)
                collection = tx.collections.update(person, collection, properties.patch(wanted, collection))
            return self._filled(tx, Calendar(self._desk, login, collection), items)

    def _filled(
        self, tx: Transaction, calendar: Calendar, items: Iterable[Item] | None
    ) -> tuple[BaseCollection, dict[str, Item], list[str]]:
        """Make a calendar hold exactly these objects, each named by its UID as Radicale names them."""
        if items is None:
            return calendar, {}, []
        texts = {f"{item.uid}.ics".replace("/", "_"): (item.uid, item.serialize().encode()) for item in items}
        before = _whole(tx, calendar.collection)
        for name, (uid, _text) in before.items():
            href = names.shown(name)
            if href not in texts or texts[href][0] != uid:
                tx.objects.delete(calendar.collection, name)
        replaced: dict[str, Item] = {href: item for item in calendar.get_all() if (href := item.href or "") in texts}
        for href, (_uid, text) in texts.items():
            check_name(href)
            tx.objects.put(calendar.collection, names.kept(href), text)
        return calendar, replaced, [href for href in texts if href not in replaced]

    def move(self, item: Item, to_collection: BaseCollection, to_href: str) -> None:
        """Give an object another name or another calendar; its text stays as it is, byte for byte."""
        source = item.collection
        if not isinstance(source, Calendar) or not isinstance(to_collection, Calendar) or item.href is None:
            raise Refused("only objects of calendars are moved")
        if (source.path, item.href) == (to_collection.path, to_href):
            return
        with self._desk.session() as session, session.changing() as tx:
            check_name(to_href)
            name = names.kept(item.href)
            text = tx.objects.get(source.collection, name).ical
            tx.objects.delete(source.collection, name, trash=False)
            tx.objects.put(to_collection.collection, names.kept(to_href), text)

    def verify(self) -> bool:
        """Tell whether Radicale's iCalendar library reads every object of every person's own calendars."""
        with self._desk.session() as session:
            logins = [person.login for person in session.tx.principals.people()]
            owned = [(login, each) for login in logins for each in session.collections(login) if each.owned]
            unsound = [each for login, each in owned if not self._verified(Calendar(self._desk, login, each))]
        return not unsound

    @staticmethod
    def _verified(calendar: Calendar) -> bool:
        sound = True
        for item in calendar.get_all():
            try:
                item.check()
            except Exception as error:
                logger.error("Not readable: %r in %r: %s", item.href, calendar.path, error)
                sound = False
        return sound


def _homes(session: Session, login: str) -> list[Folder]:
    person = session.person(login)
    return [] if person is None or person.login != login else [Folder(person.login, person.name)]


def _whole(tx: Transaction, collection: Collection) -> dict[str, tuple[str, bytes]]:
    """Return the UID and the text of every object of a calendar, by name."""
    names = [each.href for each in tx.objects.entries(collection)]
    return {href: (found.uid, found.ical) for href, found in tx.objects.many(collection, names).items()}
