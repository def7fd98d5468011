"""Settings: every part has its own answer; out of office is the same on all devices of a person."""

from dataclasses import replace

import pytest

from storage.model import Role
from storage.principals import NewPerson
from tests.eas.client import AOSP
from tests.protocols.eas.harness import LocalPhone

GET, SET = "Settings:Get", "Settings:Set"
INTERNAL = ("Settings:AppliesToInternal", None)


def ask(phone, *parts):
    root = phone.post("Settings", ("Settings:Settings", list(parts))).root
    assert root.names()[0] == "Settings:Status"
    return root


def text(audience, message, enabled="1", kind="TEXT"):
    facts = [(f"Settings:AppliesTo{audience}", None), ("Settings:Enabled", enabled)]
    return (
        "Settings:OofMessage",
        [*facts, ("Settings:ReplyMessage", message), ("Settings:BodyType", kind)],
    )


def set_oof(phone, state, *more):
    parts = [("Settings:OofState", state), *more]
    return ask(phone, ("Settings:Oof", [(SET, parts)])).value("Settings:Oof", "Settings:Status")


def get_oof(phone, form=None):
    root = ask(phone, ("Settings:Oof", [(GET, [("Settings:BodyType", form)] if form else None)]))
    assert root.value("Settings:Oof", "Settings:Status") == "1"
    return root.find("Settings:Oof", "Settings:Get")


def plain(found):
    return [(each.name.removeprefix("Settings:"), each.text or plain(each) or None) for each in found.children]


START, END = ("Settings:StartTime", "2026-12-19T08:00:00.000Z"), ("Settings:EndTime", "2027-01-04T08:00:00.000Z")


def test_out_of_office_is_kept_for_every_device_of_the_person(school, ada, phone):
    assert plain(get_oof(phone)) == [("OofState", "0")]
    away = (text("Internal", "Back on Monday"), text("ExternalKnown", "<p>Away</p>", "0", "HTML"))
    phone.lose_answer = 1
    assert set_oof(phone, 2, START, END, *away) == "1"
    other = LocalPhone(school.store, ada, "PHONE2", manner=replace(AOSP, version="14.0"))
    told = [
        ("OofState", "2"),
        ("StartTime", START[1]),
        ("EndTime", END[1]),
        (
            "OofMessage",
            [("AppliesToInternal", None), ("Enabled", "1"), ("ReplyMessage", "Back on Monday"), ("BodyType", "TEXT")],
        ),
        (
            "OofMessage",
            [("AppliesToExternalKnown", None), ("Enabled", "0"), ("ReplyMessage", "<p>Away</p>"), ("BodyType", "HTML")],
        ),
    ]
    assert plain(get_oof(other)) == told
    before = phone.writes
    get_oof(phone)
    assert phone.writes == before
    assert set_oof(other, 0) == "1"
    assert plain(get_oof(phone)) == [("OofState", "0")]
    bob = LocalPhone(school.store, school.person("bob"))
    assert set_oof(phone, 1, text("Internal", "Mine")) == "1"
    assert plain(get_oof(bob)) == [("OofState", "0")]


@pytest.mark.parametrize(
    ("form", "texts"),
    [
        ("TEXT", ["Back & well\nbye", "Away\nor not"]),
        ("html", ["<html><body>Back &amp; well<br>\r\nbye</body></html>", "<p>Away<br>or not</p>"]),
        ("odd", ["Back & well\nbye", "<p>Away<br>or not</p>"]),
    ],
)
def test_out_of_office_texts_come_in_the_form_that_is_asked_for(phone, form, texts):
    away = (text("Internal", "Back & well\nbye"), text("ExternalKnown", "<p>Away<br>or not</p>", kind="HTML"))
    assert set_oof(phone, 1, *away) == "1"
    messages = get_oof(phone, form).children[1:]
    assert [each.value("Settings:ReplyMessage") for each in messages] == texts
    forms = [form.upper()] * 2 if form != "odd" else ["TEXT", "HTML"]
    assert [each.value("Settings:BodyType") for each in messages] == forms


def test_out_of_office_goes_with_the_person(school, ada, phone):
    assert set_oof(phone, 1, text("Internal", "Mine")) == "1"
    with school.writing() as tx:
        tx.principals.remove(ada.id)
        assert tx.person_settings.get(ada.id, "eas.oof") is None


@pytest.mark.parametrize(
    ("state", "more", "status"),
    [
        ("3", [], "5"),
        ("", [], "5"),
        ("on", [], "5"),
        (1, [START, END], "1"),
        (1, [START], "5"),
        (2, [], "5"),
        (2, [START], "5"),
        (2, [END], "5"),
        (2, [START, ("Settings:EndTime", "soon")], "5"),
        (2, [("Settings:StartTime", END[1]), ("Settings:EndTime", START[1])], "6"),
        (2, [START, START, END], "2"),
        (1, [text("Internal", "a"), text("Internal", "b")], "6"),
        (1, [text("Internal", "x" * 40_000)], "5"),
        (1, [text("Internal", "x", "maybe")], "5"),
        (1, [text("Internal", "x", kind="RTF")], "5"),
        (1, [("Settings:OofMessage", [("Settings:Enabled", "1")])], "5"),
        (1, [("Settings:OofMessage", [INTERNAL, ("Settings:AppliesToExternalKnown", None)])], "5"),
        (1, [("Settings:OofMessage", [INTERNAL])], "1"),
    ],
)
def test_an_out_of_office_that_means_nothing_is_refused(phone, state, more, status):
    assert set_oof(phone, state, *more) == status
    if status != "1":
        assert plain(get_oof(phone)) == [("OofState", "0")]


@pytest.mark.parametrize(
    ("part", "status"),
    [
        (("Settings:Oof", []), "2"),
        (("Settings:Oof", [(SET, [])]), "2"),
        (("Settings:Oof", [(GET, []), (SET, [("Settings:OofState", "1")])]), "6"),
        (("Settings:DeviceInformation", []), "2"),
        (("Settings:DeviceInformation", [(GET, [])]), "2"),
        (("Settings:DeviceInformation", [(SET, [])]), "1"),
        (("Settings:DeviceInformation", [(SET, [("Settings:Model", "")])]), "1"),
        (("Settings:UserInformation", []), "2"),
        (("Settings:UserInformation", [(SET, [])]), "2"),
        (("Settings:UserInformation", [(GET, []), (SET, [])]), "6"),
        (("Settings:DevicePassword", []), "2"),
        (("Settings:DevicePassword", [(SET, [])]), "2"),
        (("Settings:DevicePassword", [(SET, [("Settings:Password", "x")])]), "7"),
        (("Settings:RightsManagementInformation", [(GET, None)]), "168"),
        (("Settings:RightsManagementInformation", []), "2"),
        (("Settings:OofState", "1"), "2"),
        (("Settings:Model", "x"), "2"),
    ],
)
def test_each_part_has_its_own_status_beside_one_that_is_right(phone, part, status):
    root = ask(phone, part, ("Settings:UserInformation", [(GET, None)]))
    assert root.names()[1:] == [part[0], "Settings:UserInformation"]
    assert root.children[1].value("Settings:Status") == status
    assert root.children[2].value("Settings:Status") == "1"


def test_rights_management_came_with_14_1(school, ada):
    old = LocalPhone(school.store, ada, manner=replace(AOSP, version="14.0"))
    root = ask(old, ("Settings:RightsManagementInformation", [(GET, None)]))
    assert root.children[1].value("Settings:Status") == "2"


@pytest.mark.parametrize("parts", [[], [("AirSync:Sync", None)], 33 * [("Settings:Oof", [(GET, None)])]])
def test_nothing_to_answer_and_too_much_are_refused_whole(phone, parts):
    root = ask(phone, *parts)
    assert (root.names(), root.value("Settings:Status")) == (["Settings:Status"], "2")


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("12.1", [("EmailAddresses", [("SMTPAddress", "ada@school.example")])]),
        ("14.0", [("EmailAddresses", [("SMTPAddress", "ada@school.example")])]),
        (
            "14.1",
            [
                (
                    "Accounts",
                    [
                        (
                            "Account",
                            [
                                ("UserDisplayName", "Ada Ada"),
                                (
                                    "EmailAddresses",
                                    [
                                        ("SMTPAddress", "ada@school.example"),
                                        ("PrimarySmtpAddress", "ada@school.example"),
                                    ],
                                ),
                            ],
                        )
                    ],
                )
            ],
        ),
    ],
)
def test_a_persons_addresses_stand_where_the_version_has_them(school, ada, version, told):
    phone = LocalPhone(school.store, ada, version=version)
    root = ask(phone, ("Settings:UserInformation", [(GET, None)]))
    assert plain(root.find("Settings:UserInformation", "Settings:Get")) == told


@pytest.mark.parametrize(("version", "told"), [("14.0", []), ("14.1", [("UserDisplayName", "Zoé Roux")])])
def test_a_person_without_an_address_is_told_none(school, version, told):
    with school.writing() as tx:
        zoe = tx.principals.create(NewPerson("zoe", "Roux", "Zoé", Role.PUPIL))
    phone = LocalPhone(school.store, zoe, version=version)
    found = ask(phone, ("Settings:UserInformation", [(GET, None)])).find("Settings:UserInformation", "Settings:Get")
    account = found.find("Settings:Accounts", "Settings:Account") if told else found
    assert plain(account) == told


def test_the_model_a_device_tells_is_one_short_line(school, ada, phone):
    model = ("Settings:DeviceInformation", [(SET, [("Settings:Model", "Pixel\n\x1b[31m 9 " + "x" * 500)])])
    assert ask(phone, model).value("Settings:DeviceInformation", "Settings:Status") == "1"
    with school.reading() as tx:
        found = tx.devices.get(ada.id, phone.device_id).model
    assert (found[:13], len(found)) == ("Pixel [31m 9 ", 128)
