"""Schools and logins: the one part of the store that stands above schools, because a login is how one is found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.errors import NameTaken, NotFound
from storage.model import Principal, Role, School, Settings, Source
from storage.ready import Ready
from storage.schema import account, clock, principal, school

PERSON: Final = (
    principal.c.id,
    principal.c.school_id,
    principal.c.login,
    principal.c.name,
    principal.c.role,
    principal.c.source,
    principal.c.email,
    principal.c.family,
    principal.c.usual,
    principal.c.given,
    principal.c.birth,
    account.c.active,
    account.c.credential,
)
WITH_ACCOUNT: Final = principal.join(
    account, (account.c.school_id == principal.c.school_id) & (account.c.principal_id == principal.c.id)
)
_SCHOOL: Final = (school.c.id, school.c.code, school.c.name, school.c.zone, school.c.settings)
_ACCOUNT = Ready(
    select(*PERSON, account.c.password_hash, *_SCHOOL)
    .select_from(WITH_ACCOUNT.join(school, school.c.id == principal.c.school_id))
    .where(account.c.login == bindparam("login"))
)
_BY_ID = select(*_SCHOOL).where(school.c.id == bindparam("id"))
_CLOCKS = select(clock.c.school_id, clock.c.seq)


@dataclass(frozen=True, slots=True)
class Account:
    """A login with its person, its Argon2 hash and its school; an empty hash lets nobody in."""

    principal: Principal
    password_hash: str
    school: School


def _mailbox_names(address: str) -> tuple[str, ...]:
    name = address.removeprefix("mailto:")
    user, at, domain = name.rpartition("@")
    if not at or not address.startswith("mailto:"):
        return ()
    return (name, f"{user.partition('+')[0]}@{domain}") if "+" in user else (name,)


def fold_login(login: str) -> str:
    """Return the form under which logins are kept and compared."""
    return login.strip().casefold()


def to_principal(row: Any) -> Principal:
    """Build a person from the columns of PERSON."""
    identifier, school_id, login, name, role, source, *rest = row[: len(PERSON)]
    return Principal(identifier, school_id, login, name, Role(role), Source(source), *rest)


def to_settings(data: dict[str, Any]) -> Settings:
    """Read stored settings; keys of other versions are left aside."""
    known = Settings.__dataclass_fields__
    return Settings(**{name: value for name, value in data.items() if name in known})


def _to_school(row: Any) -> School:
    number, code, name, zone, settings = row
    return School(number, code, name, zone, to_settings(settings))


def read_school(connection: Connection, school_id: int) -> School:
    """Return a school; raises NotFound."""
    row = connection.execute(_BY_ID, {"id": school_id}).first()
    if row is None:
        raise NotFound("school", school_id)
    return _to_school(row)


def write_settings(connection: Connection, school_id: int, settings: Settings) -> None:
    """Store a school's settings."""
    connection.execute(update(school).where(school.c.id == school_id).values(settings=asdict(settings)))


class Directory:
    """Schools, logins and clocks of the whole database."""

    def __init__(self, engine: Engine) -> None:
        """Use an engine; every call is a transaction of its own."""
        self._engine = engine

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._engine.connect().execution_options(cadran_writing=True) as connection, connection.begin():
            yield connection

    def schools(self) -> tuple[School, ...]:
        """Return every school, in order of creation."""
        with self._engine.connect() as connection:
            return tuple(_to_school(row) for row in connection.execute(select(*_SCHOOL).order_by(school.c.id)))

    def school(self, code: str) -> School:
        """Return the school of a UAI code; raises NotFound."""
        with self._engine.connect() as connection:
            row = connection.execute(select(*_SCHOOL).where(school.c.code == code.upper())).first()
        if row is None:
            raise NotFound("school", code)
        return _to_school(row)

    def create_school(self, code: str, name: str, zone: str, settings: Settings | None = None) -> School:
        """Create a school with its clock; raises NameTaken when the code is in use."""
        code = code.upper()
        with self._writing() as connection:
            if connection.execute(select(school.c.id).where(school.c.code == code)).first():
                raise NameTaken("school", code)
            number = (connection.execute(select(func.max(school.c.id))).scalar() or 0) + 1
            data = asdict(settings or Settings())
            try:
                connection.execute(insert(school).values(id=number, code=code, name=name, zone=zone, settings=data))
            except IntegrityError as error:
                # Somebody else created a school at this very moment.
                raise NameTaken("school", code) from error
            connection.execute(insert(clock).values(school_id=number, seq=0))
            return read_school(connection, number)

    def configure(self, school_id: int, settings: Settings) -> None:
        """Store a school's settings."""
        with self._writing() as connection:
            write_settings(connection, school_id, settings)

    def account(self, login: str) -> Account | None:
        """Return the account of a login, whatever its letter case."""
        with self._engine.connect() as connection:
            return read_account(connection, login)

    def mailboxes(self, wanted: Iterable[str]) -> dict[str, tuple[int, ...]]:
        """Return, by `mailto:` address, the schools in which one active person alone has it, in one read.

        What follows a + in an address is the person's own affair (RFC 5233).
        """
        names = {each: _mailbox_names(each) for each in wanted}
        asked = sorted({name for each in names.values() for name in each})
        email = func.lower(principal.c.email)
        query = (
            select(email, principal.c.school_id)
            .select_from(WITH_ACCOUNT)
            .where(account.c.active, email.in_(asked))
            .group_by(email, principal.c.school_id)
            .having(func.count() == 1)
            .order_by(principal.c.school_id)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all() if asked else ()
        return {each: tuple(dict.fromkeys(row[1] for row in rows if row[0] in names[each])) for each in names}

    def clocks(self) -> dict[int, int]:
        """Return every school's number now, in one read: what the watcher of waiting phones looks at."""
        with self._engine.connect() as connection:
            return dict(connection.execute(_CLOCKS).all())


def read_account(connection: Connection, login: str) -> Account | None:
    """Return the account of a login within a transaction."""
    found = _ACCOUNT.rows(connection, login=fold_login(login))
    if not found:
        return None
    row = found[0]
    width = len(PERSON)
    return Account(to_principal(row), row[width], _to_school(row[width + 1 :]))
