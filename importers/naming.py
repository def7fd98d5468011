"""Names and keys that survive from one export to the next: subjects, audiences, people, courses, store calendars.

Identifiers of the file never enter a key. Where two things bear one name, the later ones get a rank: "3A LATIN", "3A
LATIN (2)".
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from importers.names import fold
from importers.timetable import Group, Part, Person, ResourceKind, Subject, Timetable


class AudienceKind(StrEnum):
    """What an audience unit of a session is."""

    CLASS = "class"
    GROUP = "group"
    PART = "part"
    PUPIL = "pupil"


@dataclass(frozen=True, slots=True, order=True)
class Audience:
    """One audience unit, known by kind and name; `ident` is for this file only and does not count in comparisons."""

    kind: AudienceKind
    name: str
    ident: str = field(compare=False)

    @property
    def token(self) -> str:
        """Return the text that stands for this unit in keys."""
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True)
class SubjectName:
    """A subject as keys know it (folded) and as people read it; empty when a slot has none."""

    key: str
    code: str
    label: str


@dataclass(frozen=True, slots=True)
class PersonName:
    """A teacher or a member of staff: reference in this file, key across files, name as shown."""

    ref: str
    key: str
    name: str


@dataclass(frozen=True, slots=True, order=True)
class CourseName:
    """A course of a session: key across exports, label people read, and the part of the audience that is its own."""

    key: str
    label: str
    audience: frozenset[Audience] = field(compare=False)


# What every database takes as an index entry: PostgreSQL's are at most a third of a page.
KEY_BYTES: Final = 2000
_PART_BYTES: Final = 500
_SUBJECT_BYTES: Final = 300

NO_SUBJECT = SubjectName("", "", "")
_AUDIENCE_KINDS = {
    ResourceKind.CLASS: AudienceKind.CLASS,
    ResourceKind.GROUP: AudienceKind.GROUP,
    ResourceKind.PART: AudienceKind.PART,
    ResourceKind.PUPIL: AudienceKind.PUPIL,
}


@dataclass(frozen=True, slots=True)
class Names:
    """Every name of one timetable, by kind and identifier; `reach` gives the classes a group or a part touches."""

    subjects: Mapping[str, SubjectName]
    audiences: Mapping[tuple[ResourceKind, str], Audience]
    people: Mapping[tuple[ResourceKind, str], PersonName]
    things: Mapping[tuple[ResourceKind, str], str]
    reach: Mapping[tuple[AudienceKind, str], frozenset[str]]

    def subject(self, idents: tuple[str, ...]) -> SubjectName:
        """Return the subject of a slot; several are joined by a slash, in the order of their keys."""
        found = sorted((self.subjects[ident] for ident in idents), key=lambda subject: subject.key)
        if not found:
            return NO_SUBJECT
        keys, codes, labels = ([getattr(one, name) for one in found] for name in ("key", "code", "label"))
        return SubjectName(_capped("/".join(keys), _SUBJECT_BYTES), "/".join(codes), "/".join(labels))


def names_of(timetable: Timetable) -> Names:
    """Name everything of a timetable."""
    labels = _audience_labels(timetable)
    rooms = {(ResourceKind.ROOM, room.ident): room.name for room in timetable.rooms}
    equipment = {(ResourceKind.EQUIPMENT, thing.ident): thing.name for thing in timetable.equipment}
    return Names(
        subjects=_subject_names(timetable.subjects),
        audiences={key: Audience(_AUDIENCE_KINDS[key[0]], label, key[1]) for key, label in labels.items()},
        people={
            **_person_names(ResourceKind.TEACHER, timetable.teachers),
            **_person_names(ResourceKind.STAFF, timetable.staff),
        },
        things=rooms | equipment,
        reach=_reach(timetable),
    )


def _subject_names(subjects: Iterable[Subject]) -> dict[str, SubjectName]:
    """Key a subject by its code, which outlives a new label; a code shared by several needs the label too."""
    subjects = tuple(subjects)
    shared = Counter(fold(subject.code) for subject in subjects)
    named = {}
    for subject in subjects:
        code = fold(subject.code)
        key = code if code and shared[code] == 1 else f"{code}|{fold(subject.label)}".strip("|")
        named[subject.ident] = SubjectName(_capped(key, _SUBJECT_BYTES), subject.code, subject.label)
    return named


def _audience_labels(timetable: Timetable) -> dict[tuple[ResourceKind, str], str]:
    classes = _unique((found.ident, found.name) for found in timetable.classes)
    groups = _unique((group.ident, group.name) for group in timetable.groups)
    parts = _unique((part.ident, _part_name(part, classes)) for part in timetable.parts)
    by_birth = sorted(timetable.pupils, key=lambda pupil: (str(pupil.birth_date or ""), _rank(pupil.ident)))
    pupils = _unique(((pupil.ident, pupil.name) for pupil in by_birth), ranked=True)
    tables = {
        ResourceKind.CLASS: classes,
        ResourceKind.GROUP: groups,
        ResourceKind.PART: parts,
        ResourceKind.PUPIL: pupils,
    }
    return {(kind, ident): label for kind, table in tables.items() for ident, label in table.items()}


def _part_name(part: Part, classes: Mapping[str, str]) -> str:
    return f"{classes.get(part.class_ident, '')} {part.name or part.rank}".strip()


def _rank(ident: str) -> tuple[int, str]:
    """Order identifiers as numbers where they are numbers."""
    return len(ident), ident


def _unique(pairs: Iterable[tuple[str, str]], *, ranked: bool = False) -> dict[str, str]:
    """Make names unique by a rank in the order of identifiers, or in the order given."""
    ordered = list(pairs) if ranked else sorted(pairs, key=lambda pair: _rank(pair[0]))
    taken: set[str] = set()
    seen: Counter[str] = Counter()
    unique = {}
    for ident, name in ordered:
        seen[name] += 1
        label = name if seen[name] == 1 else f"{name} ({seen[name]})"
        while label in taken:
            seen[name] += 1
            label = f"{name} ({seen[name]})"
        taken.add(label)
        unique[ident] = label
    return unique


def _person_names(kind: ResourceKind, people: Iterable[Person]) -> dict[tuple[ResourceKind, str], PersonName]:
    ordered = sorted(people, key=lambda person: (person.idsts, person.idpn, _rank(person.ident)))
    keys = _unique(((person.ident, fold(person.name)) for person in ordered), ranked=True)
    return {
        (kind, person.ident): PersonName(person.ref, f"{kind}:{keys[person.ident]}", person.name) for person in ordered
    }


def _reach(timetable: Timetable) -> dict[tuple[AudienceKind, str], frozenset[str]]:
    class_of = {part.ident: part.class_ident for part in timetable.parts}
    pupils = {pupil.ident: frozenset(stay.ident for stay in pupil.classes) for pupil in timetable.pupils}
    groups = {(AudienceKind.GROUP, group.ident): _group_reach(group, class_of, pupils) for group in timetable.groups}
    parts = {(AudienceKind.PART, ident): frozenset({owner}) for ident, owner in class_of.items()}
    return groups | parts


def _group_reach(group: Group, class_of: Mapping[str, str], pupils: Mapping[str, frozenset[str]]) -> frozenset[str]:
    reach = {*group.classes, *(class_of[part] for part in group.parts if part in class_of)}
    if reach:
        return frozenset(reach)
    return frozenset().union(*(pupils.get(ident, frozenset()) for ident in group.pupils))


def course_names(subject: SubjectName, audience: Iterable[Audience], names: Names) -> tuple[CourseName, ...]:
    """Return the courses a session belongs to.

    * a class: "FRANCAIS - 3F" (R147); two classes side by side: two courses (R92);
    * groups that all lie within one class: the label of that class, "MATHEMATIQUES - 1ES3" (R149); the session itself
    says the group and the room (R150);
    * groups over several classes: one course, "LCA LATIN - 3BDLATIN", several groups joined by "/" (R143);
    * no subject, or neither class nor group: no course (R84, R86, R211). Class parts make one only when the school
    setting let them into the audience alone, and then the course of their class.
    """
    if not subject.key:
        return ()
    whole = frozenset(audience)
    units = sorted(whole)
    classes = [unit for unit in units if unit.kind is AudienceKind.CLASS]
    if classes:
        beside = whole.difference(classes)
        return tuple(_course(subject, AudienceKind.CLASS, unit.name, beside | {unit}) for unit in classes)
    groups = [unit for unit in units if unit.kind is AudienceKind.GROUP]
    reach = _joint_reach(groups or [unit for unit in units if unit.kind is AudienceKind.PART], names)
    if groups and len(reach) != 1:
        return (_course(subject, AudienceKind.GROUP, "/".join(unit.name for unit in groups), whole),)
    return tuple(_course(subject, AudienceKind.CLASS, name, whole) for name in _class_names(reach, names))


def _joint_reach(units: Iterable[Audience], names: Names) -> frozenset[str]:
    return frozenset().union(*(names.reach.get((unit.kind, unit.ident), frozenset()) for unit in units))


def _class_names(idents: Iterable[str], names: Names) -> list[str]:
    found = (names.audiences.get((ResourceKind.CLASS, ident)) for ident in idents)
    return sorted(unit.name for unit in found if unit is not None)


def _course(subject: SubjectName, kind: AudienceKind, name: str, audience: frozenset[Audience]) -> CourseName:
    return CourseName(key_of(subject.key, kind, name), f"{subject.label} - {name}", audience)


def key_of(*parts: str | Sequence[str]) -> str:
    """Return key parts as one text of at most KEY_BYTES: of what is too long the beginning, with a digest of it all.

    A meeting of a hundred and thirty teachers is one of those; what is left of the lists is whole names.
    """
    text = joined(*parts)
    if len(text.encode()) <= KEY_BYTES:
        return text
    *first, last = (_capped(each, _PART_BYTES) if isinstance(each, str) else _begun(each) for each in parts)
    mark = f"#{_digest(text)}"
    return joined(*first, f"{last}{mark}" if isinstance(last, str) else [*last, mark])


def _begun(names: Sequence[str]) -> list[str]:
    """Return the first names of a list, as many as fit."""
    kept: list[str] = []
    room = _PART_BYTES
    for name in names:
        room -= len(name.encode())
        if room < 0:
            break
        kept.append(name)
    return kept


def _capped(text: str, most: int) -> str:
    """Return a text of at most so many bytes; a longer one is its beginning and a digest."""
    if len(text.encode()) <= most:
        return text
    mark = f"#{_digest(text)}"
    return text.encode()[: most - len(mark)].decode(errors="ignore") + mark


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def joined(*parts: object) -> str:
    """Return key parts as one unambiguous, readable text."""
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
