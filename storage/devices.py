"""Phones: who they are, and two generations of every state they hold; never stamps the school's clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Table, and_, bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.model import Device, StoredState, Wipe
from storage.ready import Ready
from storage.schema import device, device_state

if TYPE_CHECKING:
    from storage.transaction import Transaction

_INSERTS: Final[dict[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

_NAMES: Final = tuple(column.name for column in device.c)
_DEVICE = Ready(
    select(device).where(
        device.c.school_id == bindparam("school"),
        device.c.principal_id == bindparam("principal"),
        device.c.device_id == bindparam("device"),
    )
)
_STATES = Ready(
    select(device_state.c.generation, device_state.c.data)
    .where(
        device_state.c.school_id == bindparam("school"),
        device_state.c.principal_id == bindparam("principal"),
        device_state.c.device_id == bindparam("device"),
        device_state.c.scope == bindparam("scope"),
    )
    .order_by(device_state.c.generation.desc())
)


class Devices:
    """Devices of one school's people; a device is known by its person and its own id."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def _this(self, principal_id: int, device_id: str) -> Any:
        return and_(
            device.c.school_id == self._tx.school_id,
            device.c.principal_id == principal_id,
            device.c.device_id == device_id,
        )

    def get(self, principal_id: int, device_id: str) -> Device | None:
        """Return a device, if it has been seen."""
        asked = {"school": self._tx.school_id, "principal": principal_id, "device": device_id}
        rows = _DEVICE.rows(self._tx.connection, **asked)
        return _to_device(zip(_NAMES, rows[0], strict=True)) if rows else None

    def save(self, value: Device) -> None:
        """Store a device as it is now."""
        self._tx.require_writing()
        self._put(device, asdict(value) | {"school_id": self._tx.school_id})

    def _put(self, table: Table, row: Mapping[str, Any]) -> None:
        """Insert a row or overwrite the one with its key: a phone's parallel requests may both bring it first."""
        statement = _INSERTS[self._tx.connection.dialect.name](table).values(**row)
        keys = [column.name for column in table.primary_key]
        changed = {column.name: statement.excluded[column.name] for column in table.c if column.name not in keys}
        self._tx.connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))

    def list(self, principal_id: int | None = None) -> tuple[Device, ...]:
        """Return the devices of a person, or of the whole school."""
        query = select(device).where(device.c.school_id == self._tx.school_id)
        if principal_id is not None:
            query = query.where(device.c.principal_id == principal_id)
        rows = self._tx.connection.execute(query.order_by(device.c.principal_id, device.c.device_id))
        return tuple(_to_device(zip(_NAMES, row, strict=True)) for row in rows)

    def forget(self, principal_id: int, device_id: str) -> None:
        """Delete a device and its states: it starts again from nothing."""
        self.drop_states(principal_id, device_id)
        self._tx.connection.execute(delete(device).where(self._this(principal_id, device_id)))

    def forget_all(self, principal_id: int) -> None:
        """Delete every device and every state of a person."""
        self._tx.require_writing()
        for table in (device_state, device):
            here = and_(table.c.school_id == self._tx.school_id, table.c.principal_id == principal_id)
            self._tx.connection.execute(delete(table).where(here))

    def _scope(self, principal_id: int, device_id: str, scope: str | None) -> Any:
        here = and_(
            device_state.c.school_id == self._tx.school_id,
            device_state.c.principal_id == principal_id,
            device_state.c.device_id == device_id,
        )
        return here if scope is None else and_(here, device_state.c.scope == scope)

    def states(self, principal_id: int, device_id: str, scope: str) -> tuple[StoredState, ...]:
        """Return the generations kept of one scope, newest first, at most two."""
        asked = {"school": self._tx.school_id, "principal": principal_id, "device": device_id, "scope": scope}
        return tuple(StoredState(*row) for row in _STATES.rows(self._tx.connection, **asked))

    def scopes(self, principal_id: int, device_id: str) -> dict[str, StoredState]:
        """Return the newest generation of every scope of a device."""
        query = (
            select(device_state.c.scope, device_state.c.generation, device_state.c.data)
            .where(self._scope(principal_id, device_id, None))
            .order_by(device_state.c.scope, device_state.c.generation)
        )
        rows = self._tx.connection.execute(query)
        return {row.scope: StoredState(row.generation, row.data) for row in rows}

    def count(self, principal_id: int) -> int:
        """Return how many devices a person has."""
        here = and_(device.c.school_id == self._tx.school_id, device.c.principal_id == principal_id)
        return int(self._tx.connection.execute(select(func.count()).select_from(device).where(here)).scalar_one())

    def save_state(
        self, principal_id: int, device_id: str, scope: str, generation: int, data: Mapping[str, Any]
    ) -> None:
        """Store one generation and forget all but it and the one before."""
        self._tx.require_writing()
        here = self._scope(principal_id, device_id, scope)
        dropped = device_state.c.generation != generation - 1
        self._tx.connection.execute(delete(device_state).where(here, dropped))
        row = {
            "school_id": self._tx.school_id,
            "principal_id": principal_id,
            "device_id": device_id,
            "scope": scope,
            "generation": generation,
            "data": dict(data),
        }
        self._put(device_state, row)

    def drop_states(self, principal_id: int, device_id: str, scope: str | None = None) -> None:
        """Forget the states of one scope, or all: the device starts these again from key 0."""
        self._tx.require_writing()
        self._tx.connection.execute(delete(device_state).where(self._scope(principal_id, device_id, scope)))


def _to_device(row: Iterable[tuple[str, Any]]) -> Device:
    values = dict(row)
    del values["school_id"]
    return Device(**values | {"wipe": Wipe(values["wipe"])})
