"""What Radicale finds under a path: the root, a person's home, a calendar as that person sees it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from email.utils import formatdate
from typing import overload
from xml.etree.ElementTree import Element

from radicale.item import Item
from radicale.item.filter import TIMESTAMP_MAX, TIMESTAMP_MIN, simplify_prefilters
from radicale.storage import BaseCollection

from protocols.radicale import names, properties
from protocols.radicale.errors import Refused
from protocols.radicale.items import StoredItem
from protocols.radicale.session import Desk, Session
from storage import spelling
from storage.errors import NotFound, TokenExpired, TokenInvalid
from storage.model import Collection, SyncToken
from storage.tokens import format_token, parse_token

DAY = 86_400
NAME_LENGTH = 255


class Folder(BaseCollection):
    """The root, or a person's home: it holds no objects, and nothing of it can be changed."""

    def __init__(self, path: str, name: str = "") -> None:
        """Keep the path without slashes at its ends, and the name shown."""
        self._path = path
        self._meta = {"D:displayname": name} if name else {}

    @property
    def path(self) -> str:
        """The path without slashes at its ends."""
        return self._path

    def get_all(self) -> Iterable[Item]:
        """Return nothing: objects are in calendars."""
        return ()

    def get_multi(self, hrefs: Iterable[str]) -> Iterable[tuple[str, Item | None]]:
        """Return that no object is here."""
        return ((href, None) for href in hrefs)

    @overload
    def get_meta(self, key: None = None) -> Mapping[str, str]: ...

    @overload
    def get_meta(self, key: str) -> str | None: ...

    def get_meta(self, key: str | None = None) -> Mapping[str, str] | str | None:
        """Return one property, or all of them."""
        return self._meta if key is None else self._meta.get(key)


class Calendar(BaseCollection):
    """A calendar as one person sees it.

    Name, colour, CTag and sync token are those of the moment it was found; objects are read when asked for.
    """

    def __init__(self, desk: Desk, login: str, collection: Collection) -> None:
        """Keep whose view this is."""
        self._desk = desk
        self.login = login
        self.collection = collection
        self._meta = properties.described(collection)

    @property
    def path(self) -> str:
        """The path without slashes at its ends."""
        return f"{self.login}/{names.shown(self.collection.slug)}"

    @property
    def etag(self) -> str:
        """The CTag, quoted: it moves with the objects and, since an export names it, with the calendar's properties."""
        titles = zlib.crc32("\n".join(sorted(map("=".join, self._meta.items()))).encode())
        return f'"{self.collection.id}-{self.collection.head}-{titles:08x}"'

    @property
    def last_modified(self) -> str:
        """When the object written last was written, as HTTP wants it."""
        with self._desk.session() as session:
            moments = [each.modified for each in session.tx.objects.entries(self.collection)]
        return formatdate(max(moments, default=0), usegmt=True)

    @overload
    def get_meta(self, key: None = None) -> Mapping[str, str]: ...

    @overload
    def get_meta(self, key: str) -> str | None: ...

    def get_meta(self, key: str | None = None) -> Mapping[str, str] | str | None:
        """Return one property, or all of them."""
        return self._meta if key is None else self._meta.get(key)

    def set_meta(self, props: Mapping[str, str]) -> None:
        """Make the properties those given; raises Refused for one that is not kept, and then changes nothing."""
        with self._desk.session() as session, session.changing() as tx:
            person = tx.principals.by_login(self.login)
            self.collection = tx.collections.update(person, self.collection, properties.patch(props, self.collection))
        self._meta = properties.described(self.collection)

    def find(self, href: str) -> Item | None:
        """Return the object of a name, None when there is none."""
        with self._desk.session() as session:
            try:
                return StoredItem(self, session.tx.objects.get(self.collection, names.kept(href)))
            except NotFound:
                return None

    def get_multi(self, hrefs: Iterable[str]) -> Iterable[tuple[str, Item | None]]:
        """Yield each name once with its object, or None when there is none."""
        wanted = {href: names.kept(href) for href in hrefs}
        with self._desk.session() as session:
            found = session.tx.objects.find(self.collection, list(wanted.values()))
        return ((href, StoredItem(self, found[name]) if name in found else None) for href, name in wanted.items())

    def get_all(self) -> list[StoredItem]:
        """Return every object."""
        with self._desk.session() as session:
            return self._items(session, [each.href for each in session.tx.objects.entries(self.collection)])

    def _items(self, session: Session, hrefs: list[str]) -> list[StoredItem]:
        return [StoredItem(self, each) for each in session.tx.objects.many(self.collection, hrefs).values()]

    def get_filtered(self, filters: Iterable[Element]) -> Iterable[tuple[Item, bool]]:
        """Yield objects that may match and whether they surely do; times are looked up in our index.

        What Radicale still has to test is parsed by its own library.
        """
        component, start, end, whole = simplify_prefilters(filters, self.tag)
        with self._desk.session() as session:
            sure, unsure = self._candidates(session, component, (start, end), whole=whole)
            items: list[tuple[Item, bool]] = [(each, True) for each in self._items(session, sure)]
            items += [(each, False) for each in self._items(session, unsure)]
        return items

    def _candidates(
        self, session: Session, component: str | None, span: tuple[int, int], *, whole: bool
    ) -> tuple[list[str], list[str]]:
        """Return the names of objects that match, and of those that Radicale has to test.

        When there is more to test, the range is widened by a day, since Radicale reads floating times in UTC.
        """
        objects, only = session.tx.objects, None if component is None else (component,)
        if span == (TIMESTAMP_MIN, TIMESTAMP_MAX):
            entries = objects.entries(self.collection)
            names = [each.href for each in entries if component in (None, each.component)]
            return (names, []) if whole else ([], names)
        margin = 0 if whole else DAY
        hits = objects.in_range(self.collection, span[0] - margin, span[1] + margin, only)
        sure, unsure = [each.href for each in hits.entries], [each.href for each in hits.unsure]
        return (sure, unsure) if whole else ([], sure + unsure)

    def has_uid(self, uid: str) -> bool:
        """Tell whether an object of this calendar has a UID."""
        with self._desk.session() as session:
            return session.tx.objects.by_uid(self.collection, uid) is not None

    def sync(self, old_token: str = "") -> tuple[str, Iterable[str]]:
        """Return the token of now and the names of what changed since another, those of deleted objects included.

        Tokens are the URIs of our own engine. Raises ValueError for one that is not of this calendar, or too old.
        """
        token = self._token(old_token) if old_token else SyncToken(self.collection.id)
        if not old_token:
            # Every PROPFIND asks for the token alone: names are read when they are wanted.
            now = SyncToken(self.collection.id, self.collection.head)
            return format_token(now, self._desk.school_id), self._names()
        try:
            with self._desk.session() as session:
                page = session.tx.changes.of(self.collection, token)
        except (TokenInvalid, TokenExpired) as error:
            raise ValueError("this sync token cannot be used: start again without one") from error
        return format_token(page.token, self._desk.school_id), [names.shown(each.href) for each in page.changes]

    def _token(self, text: str) -> SyncToken:
        try:
            token = parse_token(text, self._desk.school_id)
        except TokenInvalid as error:
            raise ValueError("this is no sync token of ours") from error
        if token.collection != self.collection.id:
            raise ValueError("this sync token is another calendar's")
        return token

    def _names(self) -> Iterator[str]:
        with self._desk.session() as session:
            entries = session.tx.objects.entries(self.collection)
        yield from (names.shown(each.href) for each in entries)

    def upload(self, href: str, item: Item) -> tuple[Item, Item | None]:
        """Store an object as Radicale's library writes it; return it and the one it replaces."""
        before = self.find(href)
        with self._desk.session() as session, session.changing() as tx:
            check_name(href)
            written = tx.objects.put(self.collection, names.kept(href), item.serialize().encode())
        return StoredItem(self, written.object), before

    def delete(self, href: str | None = None) -> None:
        """Delete one object, or the calendar itself."""
        with self._desk.session() as session, session.changing() as tx:
            if href is None:
                tx.collections.delete(tx.principals.by_login(self.login), self.collection)
            else:
                tx.objects.delete(self.collection, names.kept(href))


def check_name(href: str) -> None:
    """Refuse a name for an object that our own engine could not address; raises Refused."""
    if not 0 < len(href) <= NAME_LENGTH or len(names.kept(href)) > spelling.LONGEST:
        raise Refused(f"a name has at most {NAME_LENGTH} characters")
