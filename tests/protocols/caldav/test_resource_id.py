"""What a resource is, whatever its address (RFC 5842, 3.1)."""

from tests.protocols.caldav.client import Answer, D, Dav, event_text

ID = D + "resource-id"


def identifier(answer: Answer, path: str) -> str:
    """The one URI in the property of a row."""
    (only,) = answer.rows[path].props[200][ID].iter(D + "href")
    return only.text or ""


def test_an_object_keeps_its_id_when_it_is_changed_and_moved(marie: Dav) -> None:
    path, new = marie.agenda + "a.ics", marie.agenda + "b.ics"
    marie.put(path, event_text("a"))
    first = identifier(marie.propfind(path, ID), path)
    marie.put(path, event_text("a", "Autre"))
    assert identifier(marie.propfind(path, ID), path) == first
    assert marie.send("MOVE", path, destination=new).status == 201
    assert first.startswith("urn:uuid:")
    assert identifier(marie.propfind(new, ID), new) == first
    assert identifier(marie.propfind(marie.agenda, ID, depth="1"), new) == first
    assert identifier(marie.sync(marie.agenda, names=(ID,)), new) == first
    assert identifier(marie.multiget(marie.agenda, [new], "<D:resource-id/><C:calendar-data/>"), new) == first


def test_every_calendar_and_object_has_an_id_of_its_own(marie: Dav) -> None:
    for name in ("a", "b"):
        marie.put(f"{marie.agenda}{name}.ics", event_text(name))
    homes = marie.propfind(marie.home, ID, depth="1")
    found = [identifier(homes, path) for path in homes.rows if path != marie.home]
    objects = marie.propfind(marie.agenda, ID, depth="1")
    found += [identifier(objects, path) for path in objects.rows if path != marie.agenda]
    assert len(found) == len(set(found)) == len(homes.rows) - 1 + 2


def test_an_id_of_many_costs_as_much_as_of_one(marie: Dav) -> None:
    counts = []
    for name in ("a", "b", "c"):
        marie.put(f"{marie.agenda}{name}.ics", event_text(name))
        with marie.counting() as seen:
            marie.propfind(marie.agenda, ID, depth="1")
        counts.append(len(seen))
    assert len(set(counts)) == 1
