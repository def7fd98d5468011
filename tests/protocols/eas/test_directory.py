"""The directory on a phone: who is found by whom, who is meant by a name, when they are free."""

from dataclasses import replace

import pytest

from storage.model import Role, Settings
from storage.principals import NewPerson
from tests.eas.client import AOSP
from tests.eas.commands import encoded, found_names, resolve, search
from tests.protocols.eas.harness import LocalPhone, Timetable, at, event

PEOPLE = (
    NewPerson("durand", "Durand", "Éloïse", Role.TEACHER, email="eloise.durand@school.example"),
    NewPerson("dupont", "Dupont", "Paul", Role.TEACHER, email="paul.dupont@school.example"),
    NewPerson("dupuis", "Dupuis", "Anne", Role.STAFF),
    NewPerson("li", "Li", "Wei", Role.TEACHER, email="wei.li@school.example"),
    NewPerson("dumas", "Dumas", "Chloé", Role.PUPIL, email="chloe@school.example"),
    NewPerson("duval", "Duval", "Marc", Role.GUARDIAN, email="marc.duval@home.example"),
)


@pytest.fixture
def people(school):
    """People of a school, by login; one more has left."""
    with school.writing() as tx:
        found = {each.login: each for each in tx.principals.create_many(PEOPLE)}
        gone = tx.principals.create(NewPerson("ducros", "Ducros", "Jean", Role.TEACHER, email="gone@school.example"))
        tx.principals.deactivate(gone.id)
    return found


@pytest.fixture
def teacher(school, people):
    """A teacher's phone."""
    found = LocalPhone(school.store, people["durand"])
    found.connect()
    return found


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("dup", ["Anne Dupuis", "Paul Dupont"]),
        ("DUPONT", ["Paul Dupont"]),
        ("eloise", ["Éloïse Durand"]),
        ("Éloï", ["Éloïse Durand"]),
        ("dupont paul", ["Paul Dupont"]),
        ("paul dur", []),
        ("chloe", ["Chloé Dumas"]),
        ("li", ["Wei Li"]),
        ("du", []),
        ("d", []),
        ("upo", []),
        ("ducros", []),
        ("%", []),
        ("dup%", ["Anne Dupuis", "Paul Dupont"]),
        ("wei.li@school.example", ["Wei Li"]),
    ],
)
def test_people_are_found_by_the_beginnings_of_their_names(teacher, query, names):
    store = search(teacher, query)
    assert store.value("Search:Status") == "1"
    assert found_names(store) == names
    assert store.value("Search:Total") == str(len(names))
    assert store.value("Search:Range") == (f"0-{len(names) - 1}" if names else None)


@pytest.mark.parametrize(
    ("role", "open_to_pupils", "names"),
    [
        (Role.TEACHER, False, ["Chloé Dumas", "Marc Duval", "Paul Dupont"]),
        (Role.PUPIL, False, ["Paul Dupont"]),
        (Role.PUPIL, True, ["Chloé Dumas", "Paul Dupont"]),
        (Role.GUARDIAN, True, ["Paul Dupont"]),
    ],
)
def test_pupils_find_each_other_only_where_the_school_allows_it(school, people, role, open_to_pupils, names):
    school.store.directory.configure(school.id, Settings(pupils_find_pupils=open_to_pupils))
    phone = LocalPhone(school.store, school.person("bob", role))
    phone.connect()
    found = [name for query in ("dumas", "duval", "dupont") for name in found_names(search(phone, query))]
    assert sorted(found) == names
    resolved = resolve(phone, "chloe@school.example", "marc.duval@home.example", "paul.dupont@school.example")
    told = [each.value("ResolveRecipients:Status") for each in resolved.all("ResolveRecipients:Response")]
    assert told == ["1" if name in names else "4" for name in ("Chloé Dumas", "Marc Duval", "Paul Dupont")]


def test_people_of_another_school_are_not_found(school, teacher):
    other = school.store.directory.create_school("0750002B", "Collège", "Europe/Paris")
    with school.store.writing(other.id) as tx:
        tx.principals.create(NewPerson("dupres", "Dupres", "Zoé", Role.TEACHER, email="zoe@other.example"))
    assert found_names(search(teacher, "dupres")) == []
    assert resolve(teacher, "zoe@other.example").value("ResolveRecipients:Response", "ResolveRecipients:Status") == "4"


def test_a_result_tells_name_school_and_address_and_no_login(teacher):
    found = at(search(teacher, "dupont"), "Search:Result", "Search:Properties")
    assert {each.name: each.text for each in found.children} == {
        "GAL:DisplayName": "Paul Dupont",
        "GAL:Company": "Lycée",
        "GAL:FirstName": "Paul",
        "GAL:LastName": "Dupont",
        "GAL:EmailAddress": "paul.dupont@school.example",
    }
    assert at(search(teacher, "dupuis"), "Search:Result", "Search:Properties").value("GAL:EmailAddress") is None


def test_a_picture_asked_for_is_said_not_to_be_there(school, people, teacher):
    store = search(teacher, "dupont", Range="0-9", RebuildResults=None, DeepTraversal=None, Picture=None)
    assert at(store, "Search:Result", "Search:Properties", "GAL:Picture").value("GAL:Status") == "173"
    old = LocalPhone(school.store, people["durand"], manner=replace(AOSP, version="14.0"))
    assert at(search(old, "dupont", Picture=None), "Search:Result", "Search:Properties").find("GAL:Picture") is None


@pytest.mark.parametrize(
    ("wanted", "status", "names", "told"),
    [
        ("0-0", "1", ["Anne Dupuis"], "0-0"),
        ("1-1", "1", ["Paul Dupont"], "1-1"),
        ("0-99", "1", ["Anne Dupuis", "Paul Dupont"], "0-1"),
        ("0-999999", "1", ["Anne Dupuis", "Paul Dupont"], "0-1"),
        ("2-9", "12", [], None),
        ("1-0", "2", [], None),
        ("x", "2", [], None),
        ("-1-5", "2", [], None),
        ("0-9999999999", "2", [], None),
    ],
)
def test_results_come_in_ranges(teacher, wanted, status, names, told):
    store = search(teacher, "dup", Range=wanted)
    assert (store.value("Search:Status"), found_names(store)) == (status, names)
    assert store.value("Search:Range") == told
    assert store.value("Search:Total") == ("2" if status == "1" else None)


@pytest.mark.parametrize(
    ("name", "query", "status"),
    [
        ("Mailbox", [("Search:And", [("Search:FreeText", "maths")])], "6"),
        ("Mailbox", "maths", "6"),
        ("DocumentLibrary", "maths", "6"),
        ("Document Library", "maths", "6"),
        ("gal", "dupont", "1"),
        ("Nonsense", "maths", "2"),
        ("", "maths", "2"),
        ("GAL", "", "2"),
        ("GAL", "x" * 300, "2"),
        ("GAL", [("Search:And", [("Search:FreeText", "dup")])], "8"),
    ],
)
def test_stores_that_are_not_here_are_refused(teacher, name, query, status):
    assert search(teacher, query, name).value("Search:Status") == status


def test_a_search_that_says_nothing_or_a_thing_twice_is_refused(teacher):
    assert teacher.post("Search", ("Search:Search", [])).value("Search:Status") == "103"
    store = ("Search:Store", [("Search:Name", "GAL"), ("Search:Query", "dup")])
    assert teacher.post("Search", ("Search:Search", [store, store])).value("Search:Status") == "103"
    for wrong in ([("Search:Name", "GAL")], [("Search:Query", "dup")], [*store[1], store[1][1]]):
        root = teacher.post("Search", ("Search:Search", [("Search:Store", wrong)])).root
        assert root.value("Search:Response", "Search:Store", "Search:Status") == "2"


def recipients(response):
    return [each.value("ResolveRecipients:DisplayName") for each in response.all("ResolveRecipients:Recipient")]


@pytest.mark.parametrize(
    ("name", "most", "status", "count", "shown"),
    [
        ("paul.dupont@school.example", None, "1", "1", ["Paul Dupont"]),
        ("PAUL.DUPONT@school.example", None, "1", "1", ["Paul Dupont"]),
        ("dupont", None, "1", "1", ["Paul Dupont"]),
        ("school", None, "2", "4", ["Chloé Dumas", "Éloïse Durand", "Paul Dupont", "Wei Li"]),
        ("school", 2, "3", "4", ["Chloé Dumas", "Éloïse Durand"]),
        ("school", 0, "3", "4", []),
        ("dupont", 0, "1", "1", ["Paul Dupont"]),
        ("dupuis", None, "4", "0", []),
        ("nobody@elsewhere.example", None, "4", "0", []),
        ("zz", None, "4", "0", []),
    ],
)
def test_a_name_is_one_person_or_several_or_nobody(teacher, name, most, status, count, shown):
    options = [] if most is None else [("ResolveRecipients:MaxAmbiguousRecipients", most)]
    response = at(resolve(teacher, name, options=options), "ResolveRecipients:Response")
    assert response.value("ResolveRecipients:To") == name
    assert response.value("ResolveRecipients:Status") == status
    assert response.value("ResolveRecipients:RecipientCount") == count
    assert sorted(recipients(response)) == sorted(shown)


def availability(phone, name, start, end=None):
    times = [("ResolveRecipients:StartTime", start)]
    times += [("ResolveRecipients:EndTime", end)] if end else []
    root = resolve(phone, name, options=[("ResolveRecipients:Availability", times)])
    found = root.find("ResolveRecipients:Response", "ResolveRecipients:Recipient", "ResolveRecipients:Availability")
    if found is None:
        return root.value("ResolveRecipients:Status"), None
    return found.value("ResolveRecipients:Status"), found.value("ResolveRecipients:MergedFreeBusy")


DAY = ("2026-11-23T08:00:00.000Z", "2026-11-23T12:00:00.000Z")


def test_half_hours_are_free_perhaps_taken_taken_or_away(school, people, teacher):
    paul = people["dupont"]
    school.put(paul, "a", event("a", "Half", "20261123T081500Z", "20261123T083000Z"))
    school.put(paul, "b", event("b", "Perhaps", "20261123T090000Z", "20261123T103000Z", "STATUS:TENTATIVE"))
    school.put(paul, "c", event("c", "Sure", "20261123T095900Z", "20261123T100100Z"))
    school.put(paul, "d", event("d", "Away", "20261123T110000Z", "20261123T113000Z", "X-MICROSOFT-CDO-BUSYSTATUS:OOF"))
    school.put(paul, "e", event("e", "Shown free", "20261123T113000Z", "20261123T120000Z", "TRANSP:TRANSPARENT"))
    assert availability(teacher, "paul.dupont@school.example", *DAY) == ("1", "20122030")
    assert availability(teacher, "dupont", DAY[0], "2026-11-23T08:20:00.000Z") == ("1", "2")
    status, week = availability(teacher, "dupont", DAY[0])
    assert (status, len(week)) == ("1", 7 * 48)


def test_lessons_count(school, people, teacher):
    timetable = Timetable(school, people["dupont"])
    timetable.create(timetable.lesson("l", "Lesson", 1_795_424_400))
    assert availability(teacher, "dupont", *DAY) == ("1", "00220000")


def test_pupils_may_not_ask_when_others_are_free(school, people):
    phone = LocalPhone(school.store, people["dumas"])
    assert availability(phone, "paul.dupont@school.example", *DAY) == ("163", None)
    assert availability(phone, "chloe@school.example", *DAY) == ("1", "0" * 8)


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        ("x", DAY[1], "5"),
        (DAY[0], "x", "5"),
        (DAY[1], DAY[0], "5"),
        (DAY[0], DAY[0], "5"),
        (DAY[0], "2027-01-05T08:00:00.000Z", "5"),
        ("", DAY[1], "5"),
        ("99999-01-01T00:00:00.000Z", None, "5"),
    ],
)
def test_times_that_make_no_span_are_refused_whole(teacher, start, end, status):
    assert availability(teacher, "dupont", start, end) == (status, None)


def test_availability_came_with_14_0(school, people):
    old = LocalPhone(school.store, people["durand"], manner=replace(AOSP, version="12.1"))
    assert availability(old, "dupont", *DAY) == ("1", None)


def test_times_are_looked_up_for_a_hundred_people(teacher, monkeypatch):
    monkeypatch.setattr("protocols.eas.resolve_recipients.MAX_BUSY", 1)
    times = [("ResolveRecipients:StartTime", DAY[0]), ("ResolveRecipients:EndTime", DAY[1])]
    root = resolve(teacher, "dupont", "durand", options=[("ResolveRecipients:Availability", times)])
    path = ("ResolveRecipients:Recipient", "ResolveRecipients:Availability", "ResolveRecipients:Status")
    assert [each.value(*path) for each in root.all("ResolveRecipients:Response")] == ["1", "160"]


def test_nobody_has_a_certificate_or_a_picture(teacher):
    options = [("ResolveRecipients:CertificateRetrieval", 2), ("ResolveRecipients:Picture", None)]
    found = at(resolve(teacher, "dupont", options=options), "ResolveRecipients:Response", "ResolveRecipients:Recipient")
    assert found.value("ResolveRecipients:Type") == "1"
    certificates = at(found, "ResolveRecipients:Certificates")
    assert certificates.value("ResolveRecipients:Status") == "7"
    assert certificates.value("ResolveRecipients:CertificateCount") == "0"
    assert found.value("ResolveRecipients:Picture", "ResolveRecipients:Status") == "173"
    plain = at(resolve(teacher, "dupont"), "ResolveRecipients:Response", "ResolveRecipients:Recipient")
    assert plain.names() == [f"ResolveRecipients:{name}" for name in ("Type", "DisplayName", "EmailAddress")]


@pytest.mark.parametrize(
    ("names", "options"),
    [
        ([], []),
        ([""], []),
        (["x" * 300], []),
        (["dup"] * 101, []),
        (["dup"], [("ResolveRecipients:MaxAmbiguousRecipients", "many")]),
        (["dup"], [("ResolveRecipients:CertificateRetrieval", "9")]),
        (["dup"], [("ResolveRecipients:CertificateRetrieval", "1")] * 2),
        (["dup"], [("ResolveRecipients:Availability", [])]),
    ],
)
def test_a_question_that_means_nothing_is_refused_whole(teacher, names, options):
    root = resolve(teacher, *names, options=options)
    assert root.names() == ["ResolveRecipients:Status"]
    assert root.value("ResolveRecipients:Status") == "5"


def validated(phone, *certificates):
    asked = [("ValidateCert:Certificate", encoded(each)) for each in certificates]
    root = phone.post("ValidateCert", ("ValidateCert:ValidateCert", [("ValidateCert:Certificates", asked)])).root
    path = "ValidateCert:Status"
    return root.value(path), [each.value(path) for each in root.all("ValidateCert:Certificate")]


def test_no_certificate_is_judged(teacher):
    assert validated(teacher, b"one", b"two") == ("1", ["17", "17"])
    assert validated(teacher) == ("2", [])
    assert validated(teacher, *[b"one"] * 101) == ("2", [])
    assert teacher.post("ValidateCert", ("ValidateCert:ValidateCert", [])).value("ValidateCert:Status") == "2"
