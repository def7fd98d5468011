"""What feeds told of people: other given names, who answers for whom, who was closed, and what each run changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Table, and_, delete, insert, or_, select, update

from storage.errors import NotFound
from storage.identifiers import ordered_id
from storage.schema_people import fed_person, guardian_link, import_decision, people_run

if TYPE_CHECKING:
    from storage.transaction import Transaction

AT_ONCE: Final = 500

_f, _g, _r = fed_person.c, guardian_link.c, people_run.c


@dataclass(frozen=True, slots=True)
class Fed:
    """What feeds told of one account; `closed` is when a feed closed it (epoch seconds), None while it is there."""

    principal_id: int
    given_names: tuple[str, ...] = ()
    seen: int = 0
    closed: int | None = None


@dataclass(frozen=True, slots=True)
class GuardianLink:
    """Who answers for a pupil: `legal` for a legal representative, `relation` as the feed words it."""

    pupil_id: int
    guardian_id: int
    legal: bool
    relation: str


@dataclass(frozen=True, slots=True)
class PeopleRun:
    """One reading of a people feed; `changes` are (what, number of the person, fields that changed) (R113)."""

    id: str
    moment: int
    source: str
    file_name: str
    actor: str
    counts: Mapping[str, int]
    changes: tuple[tuple[str, int, tuple[str, ...]], ...] = ()


class PeopleFeeds:
    """The feeds of one school; none of this stamps the school's clock."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def known(self) -> dict[int, Fed]:
        """Return what feeds told of each account they ever spoke of."""
        query = select(_f.principal_id, _f.given_names, _f.seen, _f.closed).where(_f.school_id == self._tx.school_id)
        return {
            row[0]: Fed(row[0], tuple(row[1].split("\n")) if row[1] else (), row[2], row[3])
            for row in self._tx.connection.execute(query)
        }

    def note(self, told: Iterable[Fed]) -> None:
        """Keep what a feed tells of accounts in place of what was told before."""
        rows = [
            {
                "school_id": self._tx.school_id,
                "principal_id": each.principal_id,
                "given_names": "\n".join(each.given_names),
                "seen": each.seen,
                "closed": each.closed,
            }
            for each in told
        ]
        self._tx.require_writing()
        self._drop(fed_person, _f.principal_id, [row["principal_id"] for row in rows])
        if rows:
            self._tx.connection.execute(insert(fed_person), rows)

    def _drop(self, table: Table, column: Any, numbers: Sequence[Any]) -> None:
        for at in range(0, len(numbers), AT_ONCE):
            here = and_(table.c.school_id == self._tx.school_id, column.in_(numbers[at : at + AT_ONCE]))
            self._tx.connection.execute(delete(table).where(here))

    def guardians(self) -> tuple[GuardianLink, ...]:
        """Return who answers for whom, by pupil."""
        query = select(_g.pupil_id, _g.guardian_id, _g.legal, _g.relation)
        here = query.where(_g.school_id == self._tx.school_id).order_by(_g.pupil_id, _g.guardian_id)
        return tuple(GuardianLink(row[0], row[1], bool(row[2]), row[3]) for row in self._tx.connection.execute(here))

    def set_guardians(self, pupils: Sequence[int], links: Iterable[GuardianLink]) -> None:
        """Make these links the only ones of these pupils."""
        self._tx.require_writing()
        self._drop(guardian_link, _g.pupil_id, pupils)
        rows = [
            {
                "school_id": self._tx.school_id,
                "pupil_id": each.pupil_id,
                "guardian_id": each.guardian_id,
                "legal": each.legal,
                "relation": each.relation[:32],
            }
            for each in links
        ]
        if rows:
            self._tx.connection.execute(insert(guardian_link), rows)

    def record(self, run: PeopleRun) -> str:
        """Keep what a feed changed and return the id of the run; `id` and `moment` are given here."""
        self._tx.require_writing()
        row = {
            "school_id": self._tx.school_id,
            "id": ordered_id(),
            "moment": self._tx.now(),
            "source": run.source,
            "file_name": run.file_name,
            "actor": run.actor,
            "counts": dict(run.counts),
            "changes": [[what, number, list(fields)] for what, number, fields in run.changes],
        }
        self._tx.connection.execute(insert(people_run), row)
        return str(row["id"])

    def history(self, limit: int = 50) -> tuple[PeopleRun, ...]:
        """Return the last runs without their changes, newest first."""
        query = select(_r.id, _r.moment, _r.source, _r.file_name, _r.actor, _r.counts)
        here = query.where(_r.school_id == self._tx.school_id).order_by(_r.id.desc()).limit(limit)
        return tuple(PeopleRun(*row) for row in self._tx.connection.execute(here))

    def run(self, run_id: str) -> PeopleRun:
        """Return a run with its changes, by the beginning of its id; raises NotFound."""
        found = [each for each in self.history(1000) if each.id.startswith(run_id)]
        if len(found) != 1:
            raise NotFound("people-run", run_id)
        this = and_(_r.school_id == self._tx.school_id, _r.id == found[0].id)
        changes = self._tx.connection.execute(select(_r.changes).where(this)).scalar_one()
        one = found[0]
        listed = tuple((what, number, tuple(fields)) for what, number, fields in changes)
        return PeopleRun(one.id, one.moment, one.source, one.file_name, one.actor, one.counts, listed)

    def forget_changes(self, before: int) -> None:
        """Drop who changed from the runs before a moment (privacy); the counts stay."""
        self._tx.require_writing()
        old = and_(_r.school_id == self._tx.school_id, _r.moment < before)
        self._tx.connection.execute(update(people_run).where(old).values(changes=[]))

    def forget_person(self, principal_id: int) -> None:
        """Delete what is kept of a person for good, decisions included."""
        self._tx.require_writing()
        for table, concerned in (
            (fed_person, _f.principal_id == principal_id),
            (guardian_link, or_(_g.pupil_id == principal_id, _g.guardian_id == principal_id)),
            (import_decision, import_decision.c.principal_id == principal_id),
        ):
            here = and_(table.c.school_id == self._tx.school_id, concerned)
            self._tx.connection.execute(delete(table).where(here))
