"""Properties that clients keep here and nobody else understands (RFC 4918, 4): each person's own, within limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, func, insert, select, update

from storage.schema import dead_property

if TYPE_CHECKING:
    from storage.transaction import Transaction

# What a person may keep in all, and of one thing; `value` is counted in characters.
MAX_OF_PERSON: Final = 5_000
MAX_OF_RESOURCE: Final = 100
MAX_VALUE: Final = 16_384
MAX_NAME: Final = 512
# The address of a person's home, which is no collection.
HOME: Final = 0

_d = dead_property.c
_mine = (_d.school_id == bindparam("school"), _d.principal_id == bindparam("principal"))
_OF_COLLECTIONS = select(_d.collection_id, _d.name, _d.value).where(*_mine, _d.href == "")
_OF_OBJECTS = select(_d.href, _d.name, _d.value).where(
    *_mine, _d.collection_id == bindparam("collection"), _d.href != ""
)
_COUNT = select(func.count()).where(*_mine)
_there = (_d.school_id == bindparam("b_school"), _d.collection_id == bindparam("b_collection"))
_object = (*_there, _d.href == bindparam("b_href"))
_DROP_ONE = delete(dead_property).where(
    *_object, _d.principal_id == bindparam("b_principal"), _d.name == bindparam("b_name")
)
_DROP_OBJECT = delete(dead_property).where(*_object)
_DROP_COLLECTION = delete(dead_property).where(*_there)
_DROP_PERSON = delete(dead_property).where(
    _d.school_id == bindparam("b_school"), _d.principal_id == bindparam("b_principal")
)
_MOVE = update(dead_property).where(*_object).values(collection_id=bindparam("b_new"), href=bindparam("b_name"))
_COPY = insert(dead_property).from_select(
    ("school_id", "principal_id", "collection_id", "href", "name", "value"),
    select(
        _d.school_id,
        _d.principal_id,
        bindparam("b_new", type_=_d.collection_id.type),
        bindparam("b_name", type_=_d.href.type),
        _d.name,
        _d.value,
    ).where(*_object),
)

Place = tuple[int, str]


class DeadProperties:
    """Dead properties of one school: an address is a collection's number and an object's name, "" for itself."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def of_collections(self, principal_id: int) -> dict[int, dict[str, str]]:
        """Return a person's properties of collections and of the home, by collection and Clark name."""
        values = {"school": self._tx.school_id, "principal": principal_id}
        found: dict[int, dict[str, str]] = {}
        for collection_id, name, value in self._tx.connection.execute(_OF_COLLECTIONS, values):
            found.setdefault(collection_id, {})[name] = value
        return found

    def of_objects(self, principal_id: int, collection_id: int) -> dict[str, dict[str, str]]:
        """Return a person's properties of the objects of one collection, by href and Clark name."""
        values = {"school": self._tx.school_id, "principal": principal_id, "collection": collection_id}
        found: dict[str, dict[str, str]] = {}
        for href, name, value in self._tx.connection.execute(_OF_OBJECTS, values):
            found.setdefault(href, {})[name] = value
        return found

    def count(self, principal_id: int) -> int:
        """Return how many a person keeps."""
        values = {"school": self._tx.school_id, "principal": principal_id}
        return int(self._tx.connection.execute(_COUNT, values).scalar_one())

    def write(self, principal_id: int, place: Place, changes: Mapping[str, str | None]) -> None:
        """Set properties of one address, or remove those whose value is None; limits are the caller's to check."""
        self._tx.lock()
        for name in changes:
            row = {"b_principal": principal_id, "b_name": name}
            self._tx.connection.execute(_DROP_ONE, self._object(place) | row)
        key: dict[str, int | str] = {"school_id": self._tx.school_id, "principal_id": principal_id}
        key |= {"collection_id": place[0], "href": place[1]}
        rows = [key | {"name": name, "value": value} for name, value in changes.items() if value is not None]
        if rows:
            self._tx.connection.execute(insert(dead_property), rows)

    def _object(self, place: Place) -> dict[str, int | str]:
        return {"b_school": self._tx.school_id, "b_collection": place[0], "b_href": place[1]}

    def move(self, old: Place, new: Place) -> None:
        """Give everyone's properties of one object to another address, in place of what is there."""
        self._tx.connection.execute(_DROP_OBJECT, self._object(new))
        self._tx.connection.execute(_MOVE, self._object(old) | {"b_new": new[0], "b_name": new[1]})

    def copy(self, old: Place, new: Place) -> None:
        """Give everyone's properties of one object to another one too (RFC 4918, 9.8.2)."""
        self._tx.connection.execute(_DROP_OBJECT, self._object(new))
        self._tx.connection.execute(_COPY, self._object(old) | {"b_new": new[0], "b_name": new[1]})

    def forget_object(self, place: Place) -> None:
        """Drop everyone's properties of an object that is gone."""
        self._tx.connection.execute(_DROP_OBJECT, self._object(place))

    def forget_collection(self, collection_id: int) -> None:
        """Drop everyone's properties of a collection that is gone, and of what was in it."""
        values = {"b_school": self._tx.school_id, "b_collection": collection_id}
        self._tx.connection.execute(_DROP_COLLECTION, values)

    def forget_person(self, principal_id: int) -> None:
        """Drop all that a person kept."""
        self._tx.connection.execute(_DROP_PERSON, {"b_school": self._tx.school_id, "b_principal": principal_id})
