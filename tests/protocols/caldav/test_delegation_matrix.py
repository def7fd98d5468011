"""Who may do what in somebody's home: asker by method, and nothing of the owner's in what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from storage.model import Admission, NewCalendar, Role, Settings
from storage.principals import NewPerson
from storage.store import Store
from tests.protocols.caldav.client import Answer, C, D, Dav, event_text

SECRET = "Entretien"
OTHER = "autre"
OTHERS = ("reads", "former", "teacher", "pupil", "elsewhere", "service")
PEOPLE = {
    "former": Role.TEACHER,
    "teacher": Role.TEACHER,
    "pupil": Role.PUPIL,
    "writes": Role.STAFF,
    "service": Role.READER,
}


@dataclass(frozen=True)
class Scene:
    """An owner with an event in the agenda and a second calendar, and those who come by."""

    owner: Dav
    askers: dict[str, Dav]

    @property
    def path(self) -> str:
        """The event."""
        return self.owner.agenda + "secret.ics"

    def listing(self) -> set[str]:
        """What is in the owner's home."""
        found: set[str] = set()
        for path in (self.owner.home, self.owner.agenda, f"{self.owner.home}{OTHER}/"):
            answer = self.owner.propfind(path, D + "getetag", D + "displayname", depth="1")
            for row in answer.rows.values():
                found.add(f"{row.href} {sorted(''.join(each.itertext()) for each in row.props[200].values())}")
        return found


@pytest.fixture(params=[Role.TEACHER, Role.PUPIL], ids=str)
def scene(store: Store, request: pytest.FixtureRequest) -> Scene:
    """A teacher or a pupil as owner; the one who reads is a colleague or a guardian."""
    return make_scene(store, request.param, Settings(service_readers=True))


def make_scene(store: Store, role: Role, settings: Settings) -> Scene:
    school = store.directory.create_school("0751234A", "Collège Voltaire", "Europe/Paris", settings)
    elsewhere = store.directory.create_school("0751235B", "Collège Hugo", "Europe/Paris", settings)
    reads = Role.GUARDIAN if role is Role.PUPIL else Role.TEACHER
    roles = {"owner": role, "reads": reads, **PEOPLE}
    with store.writing(school.id) as tx:
        people = {name: tx.principals.create(NewPerson(name, "Martin", name, role)) for name, role in roles.items()}
        for name, access in (("reads", Admission.READ), ("writes", Admission.WRITE), ("former", Admission.WRITE)):
            tx.delegations.give("test", people["owner"], people[name], access)
        tx.delegations.take("test", people["owner"], people["former"])
        tx.collections.create(people["owner"], NewCalendar(OTHER, "Carnet"))
    with store.writing(elsewhere.id) as tx:
        people["elsewhere"] = tx.principals.create(NewPerson("elsewhere", "Martin", "elsewhere", Role.TEACHER))
    askers = {name: Dav(store, person) for name, person in people.items()}
    owner = askers["owner"]
    assert owner.put(owner.agenda + "secret.ics", event_text("secret", SECRET)).status == 201
    return Scene(owner, askers)


def _renamed(scene: Scene, asker: Dav) -> Answer:
    name = "<D:set><D:prop><D:displayname>Pris</D:displayname></D:prop></D:set>"
    body = f'<D:propertyupdate xmlns:D="DAV:">{name}</D:propertyupdate>'
    return asker.send("PROPPATCH", scene.owner.agenda, body)


def _carried(method: str) -> Callable[[Scene, Dav], Answer]:
    return lambda scene, asker: asker.send(method, scene.path, destination=f"{scene.owner.home}{OTHER}/new.ics")


METHODS: dict[str, tuple[Callable[[Scene, Dav], Answer], int]] = {
    "PROPFIND home": (lambda s, a: a.propfind(s.owner.home, D + "displayname", depth="1"), 207),
    "PROPFIND": (lambda s, a: a.propfind(s.owner.agenda, D + "getetag", depth="1"), 207),
    "GET": (lambda s, a: a.send("GET", s.path), 200),
    "GET whole": (lambda s, a: a.send("GET", s.owner.agenda), 200),
    "multiget": (lambda s, a: a.multiget(s.owner.agenda, [s.path]), 207),
    "query": (lambda s, a: a.query(s.owner.agenda, '<C:comp-filter name="VEVENT"/>', "<C:calendar-data/>"), 207),
    "sync": (lambda s, a: a.sync(s.owner.agenda, names=(D + "getetag", C + "calendar-data")), 207),
    "sync home": (lambda s, a: a.sync(s.owner.home), 207),
    "PUT": (lambda s, a: a.put(s.path, event_text("secret", "Autre chose")), 204),
    "PUT new": (lambda s, a: a.put(s.owner.agenda + "new.ics", event_text("new")), 201),
    "DELETE": (lambda s, a: a.send("DELETE", s.path), 204),
    "DELETE calendar": (lambda s, a: a.send("DELETE", f"{s.owner.home}{OTHER}/"), 204),
    "MKCALENDAR": (lambda s, a: a.send("MKCALENDAR", s.owner.home + "nouveau/"), 201),
    "PROPPATCH": (_renamed, 207),
    "COPY": (_carried("COPY"), 201),
    "MOVE": (_carried("MOVE"), 201),
    "POST": (lambda s, a: a.send("POST", s.owner.agenda + "?add-member", event_text("n")), 201),
    "PROPFIND inbox": (lambda s, a: a.propfind(s.owner.home + "inbox/", D + "getetag", depth="1"), 207),
    "PROPFIND outbox": (lambda s, a: a.propfind(s.owner.home + "outbox/", D + "owner"), 207),
}
READING = frozenset(list(METHODS)[:8])


def expected(method: str, asker: str, owner: Role) -> int:
    """What the table says: done, forbidden to those who may know the owner, and unknown to the others."""
    done = METHODS[method][1]
    match asker:
        case "owner" | "writes":
            return done
        case "reads":
            return done if method in READING else 403
        case "service":
            return done if method in READING else 403
        case "elsewhere":
            return 404
        case "pupil" if owner is Role.PUPIL:
            return 404
    return 403


def check(scene: Scene, method: str, asker: str, wanted: int) -> None:
    """Ask, and find that what is refused tells nothing and changes nothing."""
    before = scene.listing()
    answer = METHODS[method][0](scene, scene.askers[asker])
    assert answer.status == wanted
    refused = wanted >= 400
    if refused:
        assert not any(word.encode() in answer.body for word in (SECRET, "Carnet", 'agenda"', "owner Martin"))
    assert (scene.listing() == before) is (refused or method in READING or "PROPFIND" in method)


@pytest.mark.parametrize("asker", [("owner",), ("writes",), OTHERS], ids=["owner", "writes", "others"])
@pytest.mark.parametrize("method", METHODS)
def test_a_home_is_open_to_its_owner_and_to_whom_was_let_in(scene: Scene, method: str, asker: tuple[str, ...]) -> None:
    for name in asker:
        check(scene, method, name, expected(method, name, scene.owner.person.role))


@pytest.mark.parametrize("role", [Role.TEACHER, Role.PUPIL])
def test_a_service_reader_is_a_stranger_by_default(store: Store, role: Role) -> None:
    scene = make_scene(store, role, Settings())
    for method in METHODS:
        reads = method in READING or "PROPFIND" in method
        check(scene, method, "service", 404 if reads and role is Role.PUPIL else 403)
    assert len(scene.askers["service"].propfind("/dav/calendars/", D + "owner", depth="1").rows) == 2


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_a_destination_in_a_home_that_is_closed_is_refused(scene: Scene, method: str) -> None:
    """What one may read may be copied home, and nothing is taken away or put where one may not write."""
    for name, asker in scene.askers.items():
        if name in {"owner", "service"}:
            continue
        own = asker.agenda + "own.ics"
        assert asker.put(own, event_text("own")).status == 201
        there = asker.send(method, own, destination=scene.owner.agenda + "own.ics")
        hidden = name == "elsewhere" or (name == "pupil" and scene.owner.person.role is Role.PUPIL)
        if name == "writes":
            assert there.status == (201 if method == "COPY" else 403)
            assert scene.owner.send("DELETE", scene.owner.agenda + "own.ics").status in {204, 404}
        else:
            assert there.status == (409 if hidden else 403)
        home = asker.send(method, scene.path, destination=asker.agenda + "theirs.ics")
        if method == "COPY" and name in {"reads", "writes"}:
            assert home.status == 201
        else:
            assert home.status == (404 if hidden else 403)
