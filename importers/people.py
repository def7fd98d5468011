"""The people file: a CSV of accounts in whatever shape a school's tools write it (reference/pronote-format.md, 4.2).

One bad row is one clear error and never spoils the others. Text is never evaluated; a name, login or identifier that
a spreadsheet would take for a formula is refused, so that exporting the list again is safe too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from importers.errors import ImportRefused
from importers.names import fold, squeeze
from importers.people_table import FIELD_LIMIT, Row, header_key, read_table

# What every database takes as an index entry, and more than any feed writes.
KEY_LIMIT = 128


class Role(StrEnum):
    """The roles a people file may give; administrators are made by hand."""

    PUPIL = "pupil"
    TEACHER = "teacher"
    STAFF = "staff"
    GUARDIAN = "guardian"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRecord:
    """One account of a people file; `family` is the usual surname, `birth_family` the birth name if it differs.

    `siecle` and `sts` are the numbers those systems give; `schools` the codes the file names for this person. `only`
    are the fields a differential file speaks of, None for a whole record.
    """

    line: int
    role: Role
    family: str
    given: str
    birth_family: str = ""
    birth_date: date | None = None
    external_id: str = ""
    login: str = ""
    email: str = ""
    ine: str = ""
    classes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    other_given: tuple[str, ...] = ()
    siecle: str = ""
    sts: str = ""
    schools: tuple[str, ...] = ()
    only: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A guardian of a pupil, both by the keys of the feed; `legal` for a legal representative."""

    pupil: str
    guardian: str
    legal: bool
    relation: str = ""


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row was left out: line, column header as written, code, offending value (cut), line of a first occurrence.

    Codes: "missing", "too-long", "formula", "control-character", "bad-date", "bad-role", "role-refused", "bad-email",
    "bad-login", "duplicate" and "too-many-cells".
    """

    line: int
    column: str
    code: str
    value: str
    other_line: int | None = None


@dataclass(frozen=True, slots=True)
class PeopleFile:
    """The readable accounts, the errors, how the file was written, and the headers nothing is read from.

    `complete` are the roles of which the file names everybody there is; `gone` the keys of those it says have left;
    `spared` the keys and squeezed names of rows left out, who may not be taken for leavers.
    """

    people: tuple[PersonRecord, ...]
    errors: tuple[RowError, ...]
    encoding: str = "utf-8"
    delimiter: str = ""
    ignored: tuple[str, ...] = ()
    source: str = "csv"
    complete: frozenset[Role] = frozenset()
    gone: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    schools: tuple[str, ...] = ()
    spared: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Told:
    """One person as a feed tells them: cells by meaning, and what is no cell of a table."""

    row: Row
    more: Mapping[str, Any] = field(default_factory=dict)


def parse(data: bytes, default_role: Role = Role.PUPIL, columns: Mapping[str, str] | None = None) -> PeopleFile:
    """Read a people file; `default_role` serves files without a role column.

    `columns` says what more headers hold, folded (header_key), before those that are known by themselves.

    Raises ImportRefused: "too-large", "bad-encoding", "bad-csv" (line), "missing-column" (columns), "too-many-rows".
    """
    table = read_table(data, {**HEADERS, **(columns or {})}, required=("family", "given"))
    found = collect((Told(row) for row in table.rows), default_role)
    return replace(found, encoding=table.encoding, delimiter=table.delimiter, ignored=table.ignored)


def collect(rows: Iterable[Told], default_role: Role = Role.PUPIL) -> PeopleFile:
    """Make records of what a feed tells; people who cannot be used are errors."""
    people: list[PersonRecord] = []
    errors: list[RowError] = []
    spared: set[str] = set()
    first_seen: dict[tuple[str, ...], int] = {}
    for told in rows:
        try:
            record = replace(_record(told.row, default_role), **told.more)
            _check_duplicates(record, told.row, first_seen)
        except _BadCell as bad:
            errors.append(bad.error)
            spared |= _spared(told.row)
        else:
            people.append(record)
    return PeopleFile(tuple(people), tuple(errors), spared=frozenset(spared))


def _spared(row: Row) -> set[str]:
    cells = row.cells
    families = {cells.get(name, "") for name in ("family", "usual_family", "birth_family")} - {""}
    names = {squeeze(f"{family}{cells.get('given', '')}") for family in families}
    return names | ({cells["external_id"]} if cells.get("external_id") else set())


class _BadCell(Exception):
    def __init__(self, row: Row, name: str, code: str, other_line: int | None = None) -> None:
        column, value = row.headers.get(name, name), row.cells.get(name, "")
        super().__init__(code)
        self.error = RowError(row.line, column, code, value[:80], other_line)


def _record(row: Row, default_role: Role) -> PersonRecord:
    if row.surplus:
        raise _BadCell(row, "", "too-many-cells")
    for name, value in row.cells.items():
        _check_text(row, name, value)
    role = _role(row, default_role)
    family = row.cells.get("family") or row.cells.get("usual_family") or ""
    usual = row.cells.get("usual_family") or family
    birth_family = row.cells.get("birth_family") or family
    for name, value in (("family", usual), ("given", row.cells.get("given", ""))):
        if not any(letter.isalpha() for letter in value):
            raise _BadCell(row, name, "missing")
    return PersonRecord(
        line=row.line,
        role=role,
        family=usual,
        given=row.cells.get("given", ""),
        birth_family=birth_family if birth_family != usual else "",
        birth_date=_birth_date(row),
        external_id=row.cells.get("external_id", ""),
        login=_matching(row, "login", _LOGIN),
        email=_matching(row, "email", _EMAIL),
        ine=row.cells.get("ine", "").upper(),
        siecle=row.cells.get("siecle", ""),
        sts=row.cells.get("sts", ""),
        classes=_several(row.cells.get("classes", "")),
        groups=_several(row.cells.get("groups", "")),
    )


def _check_text(row: Row, name: str, value: str) -> None:
    if len(value) > (KEY_LIMIT if name == "external_id" else FIELD_LIMIT):
        raise _BadCell(row, name, "too-long")
    if _CONTROL.search(value):
        raise _BadCell(row, name, "control-character")
    if value[:1] in _FORMULA and value not in ("-", "--"):
        raise _BadCell(row, name, "formula")


def _role(row: Row, default_role: Role) -> Role:
    if "role" not in row.cells:
        return default_role
    word = fold(row.cells["role"])
    if not word:
        raise _BadCell(row, "role", "missing")
    if word in _REFUSED_ROLES:
        raise _BadCell(row, "role", "role-refused")
    role = _ROLES.get(word) or _ROLES.get(word.removesuffix("s"))
    if role is None:
        raise _BadCell(row, "role", "bad-role")
    return role


def _birth_date(row: Row) -> date | None:
    text = row.cells.get("birth_date", "")
    if not text:
        return None
    match = _FRENCH_DATE.fullmatch(text) or _ISO_DATE.fullmatch(text)
    if match is None:
        raise _BadCell(row, "birth_date", "bad-date")
    try:
        found = date(int(match["y"]), int(match["m"]), int(match["d"]))
    except ValueError:
        raise _BadCell(row, "birth_date", "bad-date") from None
    if found.year not in _BIRTH_YEARS:
        raise _BadCell(row, "birth_date", "bad-date")
    return found


def _matching(row: Row, name: str, pattern: re.Pattern[str]) -> str:
    value = row.cells.get(name, "")
    if value and not pattern.fullmatch(value):
        raise _BadCell(row, name, f"bad-{name}")
    return value


def _several(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in _SEPARATORS.split(text) if (name := part.strip())))


def _check_duplicates(record: PersonRecord, row: Row, first_seen: dict[tuple[str, ...], int]) -> None:
    """Refuse a second row for one account; the names alone do not make one, homonyms exist."""
    keys = dict(_identities(record))
    for name, key in keys.items():
        if key in first_seen:
            raise _BadCell(row, name, "duplicate", first_seen[key])
    first_seen.update(dict.fromkeys(keys.values(), record.line))


def _identities(record: PersonRecord) -> Iterator[tuple[str, tuple[str, ...]]]:
    if record.external_id:
        yield "external_id", ("external_id", record.external_id)
    if record.login:
        yield "login", ("login", record.login.casefold())
    if record.ine:
        yield "ine", ("ine", record.ine)
    if not (record.external_id or record.login or record.ine):
        names = (record.role, squeeze(record.family), squeeze(record.given))
        yield "family", (*names, str(record.birth_date or ""), *sorted(record.classes))


_FORMULA = frozenset("=+-@")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_LOGIN = re.compile(r"[\w.@'+-]{1,100}")
_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]{1,189}\.[^@\s,;<>\".]{2,63}")
_SEPARATORS = re.compile(r"[,|;]")
_FRENCH_DATE = re.compile(r"(?P<d>\d{1,2})[/.-](?P<m>\d{1,2})[/.-](?P<y>\d{4})")
_ISO_DATE = re.compile(r"(?P<y>\d{4})[-/](?P<m>\d{1,2})[-/](?P<d>\d{1,2})(?:T.*)?")
_BIRTH_YEARS = range(1900, 2101)

_ROLES: Mapping[str, Role] = {
    **dict.fromkeys(("eleve", "pupil", "student", "apprenant", "etudiant", "e"), Role.PUPIL),
    **dict.fromkeys(("enseignant", "enseignante", "professeur", "prof", "teacher", "ens"), Role.TEACHER),
    **dict.fromkeys(("personnel", "staff", "agent", "non enseignant", "vie scolaire", "direction", "cpe"), Role.STAFF),
    **dict.fromkeys(
        ("responsable", "parent", "guardian", "tuteur", "representant", "responsable legal"), Role.GUARDIAN
    ),
}
_REFUSED_ROLES = frozenset({"admin", "admins", "administrateur", "administrateurs", "administratrice", "administrator"})


def column_meaning(text: str) -> tuple[str, str]:
    """Return the folded header and the field of "column=field"; raises ImportRefused("bad-mapping")."""
    column, _equals, meaning = text.rpartition("=")
    meaning = meaning.strip().lower().replace("-", "_")
    if not header_key(column) or meaning not in FIELDS:
        raise ImportRefused("bad-mapping", value=text[:80], fields=FIELDS)
    return header_key(column), meaning


# Header folded to bare letters and digits -> what it holds.
HEADERS: Mapping[str, str] = {
    **dict.fromkeys(("id", "externalid", "identifiant", "identifiantexterne", "idexterne", "uid"), "external_id"),
    **dict.fromkeys(("nom", "nomeleve", "nomdefamille", "lastname", "surname", "familyname", "sn"), "family"),
    **dict.fromkeys(("nomdusage", "nomusage", "nomdusageeleve", "nomusuel", "usualname"), "usual_family"),
    **dict.fromkeys(("nomdenaissance", "nomnaissance", "nompatronymique", "birthname"), "birth_family"),
    **dict.fromkeys(("prenom", "prenomeleve", "firstname", "givenname", "prenomusuel"), "given"),
    **dict.fromkeys(("datenaissance", "datedenaissance", "neele", "birthdate", "dateofbirth", "ddn"), "birth_date"),
    **dict.fromkeys(("type", "profil", "role", "profile", "categorie"), "role"),
    **dict.fromkeys(("classe", "classes", "libelleclasse", "classeouregroupement", "division", "class"), "classes"),
    **dict.fromkeys(("regroupement", "regroupements", "groupe", "groupes", "group", "groups"), "groups"),
    **dict.fromkeys(("courriel", "email", "mail", "adressemail", "adressecourriel", "adresseelectronique"), "email"),
    **dict.fromkeys(("login", "alias", "nomdutilisateur", "username"), "login"),
    **dict.fromkeys(("ine", "numeronational", "identifiantnational"), "ine"),
    **dict.fromkeys(("idsconet", "idsiecle", "eleveid"), "siecle"),
    **dict.fromkeys(("idsts",), "sts"),
}

FIELDS: tuple[str, ...] = tuple(dict.fromkeys(HEADERS.values()))
