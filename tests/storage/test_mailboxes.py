"""In which schools an address is somebody's alone: one question for all schools."""

from __future__ import annotations

from storage.model import Role
from storage.principals import NewPerson
from storage.store import Store

PEOPLE = {
    "0751001A": (("ada", "ada@ecole.example"), ("bea", "partout@ecole.example")),
    "0751002B": (("carl", "Partout@Ecole.example"), ("dan", "deux@ecole.example"), ("eve", "deux@ecole.example")),
}


def test_addresses_are_found_where_one_person_alone_has_them(store: Store):
    numbers = {}
    for code, people in PEOPLE.items():
        school = store.directory.create_school(code, code, "Europe/Paris")
        numbers[code] = school.id
        with store.writing(school.id) as tx:
            tx.principals.create_many([NewPerson(login, "N", "P", Role.TEACHER, email=mail) for login, mail in people])
    first, second = numbers.values()
    assert store.directory.mailboxes(
        f"mailto:{name}@ecole.example" for name in ("ada", "ada+cadran", "partout", "deux", "nobody")
    ) == {
        "mailto:ada@ecole.example": (first,),
        "mailto:ada+cadran@ecole.example": (first,),
        "mailto:partout@ecole.example": (first, second),
        "mailto:deux@ecole.example": (),
        "mailto:nobody@ecole.example": (),
    }
    assert store.directory.mailboxes(["mailto:", "/dav/principals/ada/"]) == {"mailto:": (), "/dav/principals/ada/": ()}
    assert store.directory.mailboxes([]) == {}
