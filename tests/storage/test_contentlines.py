"""The lexical layer: nothing is lost, nothing dangerous passes."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage.contentlines import MAX_DEPTH, Component, Property, fold, parse, property_of, serialise
from storage.errors import InvalidObject

NAMES = st.from_regex(r"X-[A-Z0-9]{1,12}", fullmatch=True)
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\ufffe\uffff", min_codepoint=32).filter(
        lambda char: char != "\x7f"
    ),
    max_size=120,
)
PARAM_TEXTS = TEXTS.filter(lambda text: '"' not in text)


def calendar(*lines: str) -> bytes:
    return "\r\n".join(("BEGIN:VCALENDAR", *lines, "END:VCALENDAR", "")).encode()


@st.composite
def property_lines(draw):
    params = "".join(
        f';{draw(NAMES)}="{draw(PARAM_TEXTS)}"' if draw(st.booleans()) else f";{draw(NAMES)}=plain"
        for _ in range(draw(st.integers(0, 2)))
    )
    return f"{draw(NAMES)}{params}:{draw(TEXTS)}"


def unfolded(data: bytes) -> list[str]:
    return re.sub(rb"\r\n[ \t]", b"", data).decode().split("\r\n")


@given(st.lists(property_lines(), max_size=8))
@example(['X-A;X-B="a;b:c,d":é' * 20])
@example(["X-A: leading and trailing "])
def test_every_property_line_survives_a_round_trip(lines):
    written = serialise(parse(calendar(*lines)))
    assert unfolded(written) == ["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""]
    assert all(len(line) <= 75 for line in written.split(b"\r\n"))
    assert serialise(parse(written)) == written


def test_a_fold_inside_a_character_is_healed():
    data = calendar("SUMMARY:" + "é" * 40)
    cut = data.index("é".encode()) + 1
    assert parse(data[:cut] + b"\r\n " + data[cut:]).text("SUMMARY") == "é" * 40


@given(st.text(max_size=300))
def test_folding_never_cuts_a_character(text):
    text = text.encode("utf-8", "ignore").decode().replace("\r", "").replace("\n", "")
    pieces = fold(text).encode().split(b"\r\n ")
    assert b"".join(pieces).decode() == text
    assert all(piece.decode() is not None and len(piece) <= 75 for piece in pieces)


@given(st.binary(max_size=400))
@example(b"")
@example(b"BEGIN:VCALENDAR")
@example(b"BEGIN:VCALENDAR\r\n\xff\r\nEND:VCALENDAR")
@example(b"\xef\xbb\xbfBEGIN:VCALENDAR\nEND:VCALENDAR")
@example(b" \r\n \r\n")
def test_random_bytes_are_read_or_refused(data):
    try:
        root = parse(data)
    except InvalidObject:
        return
    assert root.name == "VCALENDAR"


@given(st.integers(0, 200))
def test_a_truncated_text_is_refused(size):
    data = calendar("BEGIN:VEVENT", "UID:1", 'SUMMARY;X-P="a":' + "é" * 80, "END:VEVENT")
    with pytest.raises(InvalidObject):
        parse(data[:size])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("BEGIN:VCALENDAR\r\nnonsense\r\nEND:VCALENDAR", 2),
        ("BEGIN:VCALENDAR\r\nX-A:1\r\n 2\r\n 3\r\nnonsense\r\nEND:VCALENDAR", 5),
        ("BEGIN:VCALENDAR\nX-A:\x00\nEND:VCALENDAR", 2),
        ("BEGIN:VCALENDAR\nX-A:a\rb\nEND:VCALENDAR", 2),
        ("BEGIN:VCALENDAR\nX-A:\x0b\nEND:VCALENDAR", 2),
        ("BEGIN:VCALENDAR\nX-A:\uffff\nEND:VCALENDAR", 2),
        ('BEGIN:VCALENDAR\nX-A;B="open:1\nEND:VCALENDAR', 2),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VTODO\nEND:VCALENDAR", 3),
        ("BEGIN:VEVENT\nEND:VEVENT", 1),
        ("X-A:1\nBEGIN:VCALENDAR\nEND:VCALENDAR", 1),
        ("BEGIN:VCALENDAR\nBEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VCALENDAR", 2),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\n", None),
        ("BEGIN:VCALENDAR\nEND:VCALENDAR\nBEGIN:VCALENDAR\nEND:VCALENDAR", None),
        ("", None),
    ],
)
def test_a_broken_line_is_named(text, line):
    with pytest.raises(InvalidObject) as caught:
        parse(text.encode())
    assert (caught.value.precondition, caught.value.line) == ("valid-calendar-data", line)


def test_bytes_that_are_not_utf8_are_named_by_their_line():
    with pytest.raises(InvalidObject) as caught:
        parse("BEGIN:VCALENDAR\nX-A:1\n 2\nX-B:é\nEND:VCALENDAR".encode("latin-1"))
    assert caught.value.line == 4


def test_components_nested_too_deep_are_refused():
    deep = MAX_DEPTH + 1
    lines = [f"BEGIN:X-{level}" for level in range(deep)] + [f"END:X-{level}" for level in reversed(range(deep))]
    with pytest.raises(InvalidObject):
        parse(calendar(*lines))


@pytest.mark.parametrize(
    "line",
    ["X-A" + ";B=1" * 101 + ":v", "X-A;B=" + "1," * 1000 + ":v", "X-A:" + ";" * 500_001],
    ids=["parameters", "values", "semicolons"],
)
def test_parameters_without_number_are_refused(line):
    with pytest.raises(InvalidObject) as caught:
        parse(calendar(line))
    assert caught.value.precondition == "valid-calendar-data"


def test_a_thousand_parameter_values_are_read():
    found = property_of("X-A;B=" + "1," * 999 + "1:v").params
    assert found == (("B", ("1",) * 1000),)


@pytest.mark.parametrize(
    "data", [b"X" * (10 * 1024 * 1024 + 1), calendar(*["X-A:1"] * 200_001)], ids=["bytes", "lines"]
)
def test_what_is_too_large_is_refused_before_it_is_read(data):
    with pytest.raises(InvalidObject) as caught:
        parse(data)
    assert caught.value.precondition == "max-resource-size"


@pytest.mark.parametrize(
    ("line", "params", "value"),
    [
        ("DTSTART;TZID=Europe/Paris:20260101T000000", (("TZID", ("Europe/Paris",)),), "20260101T000000"),
        ('attendee;cn="Doe; J":mailto:a', (("CN", ("Doe; J",)),), "mailto:a"),
        ('X-A;MEMBER="a:1","b:2",c:v', (("MEMBER", ("a:1", "b:2", "c")),), "v"),
        ("X-A;CN=Zoe^'^n^^:v", (("CN", ('Zoe"\n^',)),), "v"),
        ("X-A;FLAG;B=:v", (("FLAG", ()), ("B", ("",))), "v"),
        ("X-A;B=1,,2,:v", (("B", ("1", "", "2", "")),), "v"),
        ("X-A;B=,1:v", (("B", ("", "1")),), "v"),
        ('X-A;B="",1:v', (("B", ("", "1")),), "v"),
    ],
)
def test_parameters_are_decoded(line, params, value):
    found = property_of(line)
    assert (found.params, found.value, found.line) == (params, value, line)


def test_a_comma_left_unquoted_in_a_name_is_given_back():
    assert property_of("ATTENDEE;CN=Doe, Jane:mailto:j").param("cn") == "Doe, Jane"


@given(TEXTS, TEXTS)
def test_a_property_that_is_made_reads_back(text, param):
    made = Property.of_text("summary", text + "\n;,\\", {"x-note": param + '"^\n:'})
    read = property_of(made.line)
    assert (read.name, read.text, read.param("X-NOTE")) == ("SUMMARY", text + "\n;,\\", param + '"^\n:')
    assert read == made


@pytest.mark.parametrize("value", ["a\r\nDTSTART:1", "a\nb", "a\x00"])
def test_a_raw_value_cannot_smuggle_a_line_in(value):
    with pytest.raises(InvalidObject):
        Property.make("X-A", value)


def test_text_loses_only_what_icalendar_cannot_carry():
    assert Property.of_text("SUMMARY", "a\x00b\r\nc").text == "ab\nc"


def test_escapes_that_old_clients_write_are_understood():
    assert property_of(r"SUMMARY:a\Nb\:c\"d\\n\x").text == 'a\nb:c"d\\n\\x'


def test_a_component_is_edited_in_place():
    event = parse(calendar("BEGIN:VEVENT", "UID:1", "X-A:1", "SUMMARY:old", "X-A:2", "END:VEVENT")).components[0]
    new = Property.of_text("X-A", "new")
    assert [prop.line for prop in event.replaced("X-A", new).properties] == ["UID:1", "X-A:new", "SUMMARY:old"]
    assert [prop.line for prop in event.replaced("X-B", new).properties][-1] == "X-A:new"
    assert [prop.name for prop in event.without("X-A", "UID").properties] == ["SUMMARY"]
    assert [prop.value for prop in event.all("X-A")] == ["1", "2"]
    assert event.first("X-Z") is None
    assert event.text("X-Z") is None


def test_sub_components_are_found_by_name():
    root = parse(calendar("begin:vevent", "BEGIN:VALARM", "END:VALARM", "end:vevent", ""))
    event = root.children("VEVENT")[0]
    assert event.children("VALARM") == (Component("VALARM"),)
    assert event.with_components(()).components == ()
