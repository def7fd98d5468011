"""Every address there is, by who asks and where they belong: a table that no new address can be missing from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType

import pytest

import protocols.feeds.app as feeds
from protocols.caldav import app, paths
from protocols.caldav.paths import Place
from protocols.outside import OUTSIDE, Policy
from server import app as server_app
from server import routes
from server.route import Route
from storage import policy
from storage.model import Access, Admission, Role, Settings
from storage.principals import NewPerson
from storage.sharing import Offer
from storage.store import Store
from tests.protocols.caldav.attaching import link_after
from tests.protocols.caldav.client import Dav, event_text
from tests.protocols.caldav.test_push import register

SECRET = "Entretien"
# Who comes by, in the order of the columns; "elsewhere" and "spy" are of another school.
ASKERS = ("owner", "writes", "reads", "sharee", "teacher", "pupil", "guardian", "service", "former", "elsewhere", "spy")
# "y" is let in, "k" may know that it is there (403), "-" learns nothing (404), "o" is what everybody has; "b" (405)
# is nothing to look at. For an owner who teaches, then for one who is a pupil.
DAV = {
    "/dav/": ("ooooooooooo", "ooooooooooo"),
    "/dav/principals/": ("ooooooooooo", "ooooooooooo"),
    "/dav/calendars/": ("ooooooooooo", "ooooooooooo"),
    "/dav/groups/": ("ooooooooooo", "ooooooooooo"),
    "/dav/groups/school/": ("ooooooooooo", "ooooooooooo"),
    "/dav/groups/nothing/": ("-----------", "-----------"),
    "/dav/principals/owner/": ("yyyyyyyyy--", "yyyyy--yy--"),
    "/dav/principals/owner/calendar-proxy-read/": ("yyykkkkkk--", "yyykk--kk--"),
    "/dav/principals/owner/calendar-proxy-write/": ("yyykkkkkk--", "yyykk--kk--"),
    "/dav/calendars/owner/": ("yyykkkkyk--", "yyykk--yk--"),
    "/dav/calendars/owner/agenda/": ("yyykkkkyk--", "yyykk--yk--"),
    "/dav/calendars/owner/agenda/secret.ics": ("yyykkkkyk--", "yyykk--yk--"),
    "/dav/calendars/owner/inbox/": ("yykkkkkkk--", "yykkk--kk--"),
    "/dav/calendars/owner/outbox/": ("yykkkkkkk--", "yykkk--kk--"),
    "/dav/calendars/owner/notifications/": ("ykkkkkkkk--", "ykkkk--kk--"),
    "/dav/calendars/owner/notifications/{notice}": ("ykkkkkkkk--", "ykkkk--kk--"),
    "/dav/calendars/owner/trash/": ("ykkkkkkkk--", "ykkkk--kk--"),
    "/dav/calendars/owner/trash/{trashed}.ics": ("ykkkkkkkk--", "ykkkk--kk--"),
    "/dav/push/{registration}": ("-----------", "-----------"),
    "/dav/attachments/{attachment}/f": ("bbbbbbbbbbb", "bbbbbbbbbbb"),
}
STATUSES = {"y": 207, "o": 207, "k": 403, "-": 404, "b": 405}
# GET of the attachment of an event; the sharee reads the calendar.
DOWNLOADS = {"agenda": "yyyy---y---", "private": "yy-----y---"}
DOORS = {
    "CALDAV": "a login; the table above",
    "EAS": "a login; only one's own folders, tests/protocols/eas",
    "AUTODISCOVER": "a login; tells the asker's own address",
    "DEPOSIT": "the secret in the path",
}
OPEN = {
    "tzdist": "the same zones for everybody",
    "health": "alive or ready",
    "feeds": "the secret in the path",
    "discovery": "where to look",
    "pages": "a page without data",
}


@dataclass(frozen=True)
class Scene:
    """An owner with something at each address, and those who come by; `names` are what addresses are made of."""

    askers: dict[str, Dav]
    names: dict[str, str]
    private: str

    @property
    def owner(self) -> Dav:
        """Whose things they are."""
        return self.askers["owner"]


@pytest.fixture(params=[0, 1], ids=["a teacher's", "a pupil's"])
def column(request: pytest.FixtureRequest) -> int:
    """Which of the two columns of the table holds."""
    return int(request.param)


@pytest.fixture
def dialect() -> str:
    """Rights are asked in Python."""
    return "sqlite"


@pytest.fixture
def store(migrated_url: str) -> Iterator[Store]:
    """A database of its own, and push services on this machine."""
    opened, before = Store(migrated_url), OUTSIDE.policy
    OUTSIDE.policy = Policy(private_hosts=frozenset({"localhost"}))
    yield opened
    OUTSIDE.policy = before
    opened.close()


@pytest.fixture
def scene(store: Store, column: int) -> Scene:
    """Two schools that let service readers in."""
    owned = Role.PUPIL if column else Role.TEACHER
    roles = {"owner": owned, "writes": Role.STAFF, "reads": Role.TEACHER, "sharee": Role.TEACHER, "former": Role.STAFF}
    roles |= {"teacher": Role.TEACHER, "pupil": Role.PUPIL, "guardian": Role.GUARDIAN, "service": Role.READER}
    askers = _people(store, "0751234A", roles) | _people(
        store, "0751235B", {"elsewhere": Role.ADMIN, "spy": Role.READER}
    )
    owner, school = askers["owner"], askers["owner"].person.school_id
    with store.writing(school) as tx:
        people = {name: each.person for name, each in askers.items()}
        for name, access in (("reads", Admission.READ), ("writes", Admission.WRITE), ("former", Admission.WRITE)):
            tx.delegations.give("test", people["owner"], people[name], access)
        tx.delegations.take("test", people["owner"], people["former"])
        agenda = next(each for each in tx.collections.subscribed(people["owner"]) if each.slug == "agenda")
        made = tx.sharing.offer(people["owner"], agenda, people["sharee"], Offer(Access.READ, "owner"))
        tx.sharing.answer(people["sharee"], made.uid, accepted=True)
        (notice,) = (stored.href for stored, _ in tx.notices.all(people["owner"]))
    for name, more in (("secret", ()), ("private", ("CLASS:PRIVATE",)), ("gone", ())):
        assert owner.put(f"{owner.agenda}{name}.ics", event_text(name, SECRET, "20261123T080000Z", *more)).status == 201
    names = {"notice": notice, "attachment": link_after(owner, owner.agenda + "secret.ics")[0]}
    _, private = link_after(owner, owner.agenda + "private.ics")
    assert owner.send("DELETE", owner.agenda + "gone.ics").status == 204
    with store.reading(school) as tx:
        names["trashed"] = str(tx.trash.of(people["owner"])[0].id)
    names["registration"] = register(owner, owner.agenda).headers["Location"].rpartition("/")[2]
    return Scene(askers, names, private)


def _people(store: Store, code: str, roles: dict[str, Role]) -> dict[str, Dav]:
    school = store.directory.create_school(code, code, "Europe/Paris", Settings(service_readers=True))
    new = [NewPerson(name, "Martin", name, role) for name, role in roles.items()]
    with store.writing(school.id) as tx:
        return {person.login: Dav(store, person) for person in tx.principals.create_many(new)}


def row(scene: Scene, ask: Callable[[Dav], int], signs: str) -> tuple[list[int], list[int]]:
    """Return what each asker got, and should have got."""
    return [ask(scene.askers[name]) for name in ASKERS], [STATUSES[sign] for sign in signs]


def test_every_kind_of_address_is_in_the_table() -> None:
    named = [paths.parse(path.replace("{", "").replace("}", "")) for path in DAV]
    assert {each.place for each in named if each is not None} == set(Place)
    assert {each.slug for each in named if each} | {"trash"} >= set(policy.RESERVED_SLUGS)
    assert set(paths.PROXIES.values()) <= {each.slug for each in named if each is not None}


def test_every_door_of_the_server_is_in_the_table() -> None:
    assert {name for name, value in vars(routes).items() if isinstance(value, Route)} == set(DOORS)
    asked = (
        server_app.CalendarServer._answer_openly.__code__.co_names
        + server_app.CalendarServer._tell_zones.__code__.co_names
    )
    modules = {name for name in asked if isinstance(vars(server_app).get(name), ModuleType)}
    assert modules - {"outgoing"} == set(OPEN)
    assert set(feeds.PREFIXES) == {"/feeds/", "/freebusy/"}


@pytest.mark.parametrize("path", DAV)
def test_who_looks_at_an_address_meets_what_the_table_says(scene: Scene, column: int, path: str) -> None:
    address = path.format(**scene.names)
    found, expected = row(scene, lambda asker: asker.propfind(address, "{DAV:}displayname").status, DAV[path][column])
    assert found == expected


@pytest.mark.parametrize("path", [path for path, rows in DAV.items() if "owner" in path])
def test_who_is_not_let_in_does_nothing_there_and_reads_nothing(scene: Scene, column: int, path: str) -> None:
    address, owner = path.format(**scene.names), scene.owner
    before = owner.propfind(owner.agenda, "{DAV:}getetag", depth="1").body
    body = event_text("new", "x")
    for name, sign in zip(ASKERS, DAV[path][column], strict=True):
        if sign not in "k-":
            continue
        for method in sorted(app.METHODS.keys() - {"OPTIONS"}):
            answer = scene.askers[name].send(method, address, body, depth="0", destination=owner.agenda + "b.ics")
            assert answer.status >= 400, (name, method)
            assert SECRET.encode() not in answer.body, (name, method)
    assert owner.propfind(owner.agenda, "{DAV:}getetag", depth="1").body == before


def test_an_attachment_is_read_by_whoever_reads_its_event(scene: Scene) -> None:
    addresses = {"agenda": f"/dav/attachments/{scene.names['attachment']}/f", "private": scene.private}
    for name, signs in DOWNLOADS.items():
        found = [scene.askers[asker].send("GET", addresses[name]).status for asker in ASKERS]
        assert found == [200 if sign == "y" else 404 for sign in signs]


def test_a_registration_is_ended_by_its_owner_alone(scene: Scene) -> None:
    address = f"/dav/push/{scene.names['registration']}"
    for name in ASKERS[1:]:
        status = scene.askers[name].send("DELETE", address).status
        assert status == (403 if scene.askers[name].person.role is Role.READER else 404)
    assert scene.owner.send("DELETE", address).status == 204
