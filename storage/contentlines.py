"""Read and write the lexical layer of iCalendar without losing a character of any property (RFC 5545, 3.1)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from storage.errors import InvalidObject

MAX_BYTES = 10 * 1024 * 1024
MAX_LINES = 200_000
MAX_DEPTH = 8
MAX_PARAMS = 100
MAX_PARAM_VALUES = 1_000
MAX_SEMICOLONS = 500_000
_SHORT = 80
FOLD_OCTETS = 75
_SHOWN = 60

_FOLD = re.compile(rb"\n[ \t]")
# U+FFFE and U+FFFF are refused with the controls because XML 1.0, which carries calendar-data, has no place for them.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")
# Parameters whose grammar is a quoted address (RFC 5545, 3.2).
_QUOTED = frozenset({"ALTREP", "DELEGATED-FROM", "DELEGATED-TO", "DIR", "MEMBER", "SENT-BY"})
_HEAD = re.compile(r"([A-Za-z0-9_.-]+)([;:])")
_VALUE = r'(?:"[^"]*"|[^";:,]*)'
_PARAM = re.compile(rf"([A-Za-z0-9_.-]+)(?:=({_VALUE}(?:,{_VALUE}){{0,{MAX_PARAM_VALUES - 1}}}+))?([;:])")
_PARAM_VALUE = re.compile(r'"([^"]*)"|([^",]+)|(?<=,)(?=,|$)|^(?=,|$)')
_PARAM_CODED = re.compile(r"\^([n^'])")
_PARAM_PLAIN = {"n": "\n", "^": "^", "'": '"'}
_PARAM_CODES = str.maketrans({"^": "^^", "\n": "^n", '"': "^'"})
_TEXT_CODED = re.compile(r'\\([nN,;:"\\])')
_TEXT_CODES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})

Params = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Property:
    """Hold one property: names in upper case, parameters decoded (RFC 6868), `value` and `line` as written."""

    name: str
    params: Params
    value: str
    line: str

    @classmethod
    def make(
        cls, name: str, value: str, params: Mapping[str, str | Sequence[str]] | None = None, **more: str
    ) -> "Property":
        """Build a property from a raw value; raises InvalidObject when it could not stand on one line."""
        given = {**(params or {}), **more}
        decoded = tuple((key.upper(), (v,) if isinstance(v, str) else tuple(v)) for key, v in given.items())
        written = "".join(f";{key}={','.join(_quoted(key, value) for value in values)}" for key, values in decoded)
        line = f"{name.upper()}{written}:{value}"
        if "\n" in line or _CONTROL.search(line):
            raise InvalidObject("valid-calendar-data", f"{name} contains a control character")
        return cls(name.upper(), decoded, value, line)

    @classmethod
    def of_text(cls, name: str, text: str, params: Mapping[str, str | Sequence[str]] | None = None) -> "Property":
        """Build a TEXT property (RFC 5545, 3.3.11), dropping characters that iCalendar cannot carry."""
        return cls.make(name, escaped(text), params)

    def param(self, name: str) -> str | None:
        """Return a parameter's value, several joined by commas, or None."""
        wanted = name.upper()
        return next((",".join(values) for key, values in self.params if key == wanted), None)

    @property
    def text(self) -> str:
        """Return the value with TEXT escapes undone."""
        return unescaped(self.value)


@dataclass(frozen=True, slots=True)
class Component:
    """Hold one component: its name in upper case, its properties in order, then its components in order."""

    name: str
    properties: tuple[Property, ...] = ()
    components: tuple["Component", ...] = ()

    def first(self, name: str) -> Property | None:
        """Return the first property of a name, or None."""
        for prop in self.properties:
            if prop.name == name:
                return prop
        return None

    def all(self, name: str) -> tuple[Property, ...]:
        """Return every property of a name, in order."""
        return tuple([prop for prop in self.properties if prop.name == name])

    def text(self, name: str) -> str | None:
        """Return the unescaped value of the first property of a name, or None."""
        found = self.first(name)
        return None if found is None else found.text

    def replaced(self, name: str, *properties: Property) -> "Component":
        """Return a copy where these properties stand where the first of that name stood, or at the end."""
        at = next((i for i, prop in enumerate(self.properties) if prop.name == name), len(self.properties))
        before = self.properties[:at]
        after = tuple(prop for prop in self.properties[at:] if prop.name != name)
        return replace(self, properties=(*before, *properties, *after))

    def without(self, *names: str) -> "Component":
        """Return a copy without the properties of these names."""
        return replace(self, properties=tuple(prop for prop in self.properties if prop.name not in names))

    def children(self, name: str) -> tuple["Component", ...]:
        """Return the direct sub-components of a name."""
        return tuple([child for child in self.components if child.name == name])

    def with_components(self, components: Sequence["Component"]) -> "Component":
        """Return a copy with other sub-components."""
        return replace(self, components=tuple(components))


class _Open(NamedTuple):
    name: str
    properties: list[Property]
    components: list[Component]


def escaped(text: str) -> str:
    """Return text as a TEXT value; any line break becomes one escaped newline, other controls are dropped."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", plain).translate(_TEXT_CODES)


def unescaped(value: str) -> str:
    r"""Return a TEXT value in plain characters; `\:` and `\"`, which old clients write, are understood too."""
    if "\\" not in value:
        return value
    return _TEXT_CODED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def fold(line: str) -> str:
    """Return a line cut at 75 octets, never inside a character (RFC 5545, 3.1), without its final line break."""
    if len(line) <= FOLD_OCTETS and line.isascii():
        return line
    raw = line.encode()
    if len(raw) <= FOLD_OCTETS:
        return line
    pieces, start, room = [], 0, FOLD_OCTETS
    while len(raw) - start > room:
        cut = start + room
        while raw[cut] & 0xC0 == 0x80:
            cut -= 1
        pieces.append(raw[start:cut])
        start, room = cut, FOLD_OCTETS - 1
    return b"\r\n ".join((*pieces, raw[start:])).decode()


def parse(data: bytes) -> Component:
    """Read the single VCALENDAR of a byte string.

    Bare line feeds, a byte order mark, blank lines and lower-case names are tolerated because clients send them.
    Raises InvalidObject naming the physical line: `max-resource-size` beyond 10 MiB or 200 000 lines, otherwise
    `valid-calendar-data`.
    """
    lines = _unfolded(data)
    calendar = _Open("", [], [])
    stack = [calendar]
    for number, line in enumerate(lines):
        if not line:
            continue
        try:
            _take(line, stack)
        except InvalidObject as error:
            raise InvalidObject(error.precondition, error.reason, _physical(data, number)) from None
    if len(stack) > 1:
        raise InvalidObject("valid-calendar-data", f"{stack[-1].name} is not closed by an END line")
    if len(calendar.components) != 1:
        raise InvalidObject("valid-calendar-data", f"expected one VCALENDAR, found {len(calendar.components)}")
    return calendar.components[0]


def serialise(component: Component) -> bytes:
    """Write a component with CRLF line ends and folded lines; each property as its `line` says."""
    return ("\r\n".join([fold(line) for line in _lines(component)]) + "\r\n").encode()


def property_of(line: str) -> Property:
    """Read one unfolded line; raises InvalidObject(`valid-calendar-data`)."""
    # The lines of a VTIMEZONE come again with every event, and Thunderbird sends hundreds of them.
    return _remembered(line) if len(line) <= _SHORT else _property(line)


@lru_cache(maxsize=4096)
def _remembered(line: str) -> Property:
    return _property(line)


def _property(line: str) -> Property:
    head = _HEAD.match(line)
    if head is None:
        raise _not_a_property(line)
    if head[2] == ":":
        return Property(head[1].upper(), (), line[head.end() :], line)
    params, at = [], head.end()
    while True:
        found = _PARAM.match(line, at)
        if found is None:
            raise _not_a_property(line)
        params.append((found[1].upper(), _param_values(found[2])))
        if len(params) > MAX_PARAMS:
            raise InvalidObject("valid-calendar-data", f"{head[1][:_SHOWN]} has more than {MAX_PARAMS} parameters")
        at = found.end()
        if found[3] == ":":
            return Property(head[1].upper(), tuple(params), line[at:], line)


def _take(line: str, stack: list[_Open]) -> None:
    prop = property_of(line)
    if prop.name == "BEGIN":
        _begin(prop.value.strip().upper(), stack)
    elif prop.name == "END":
        _end(prop.value.strip().upper(), stack)
    elif len(stack) == 1:
        raise InvalidObject("valid-calendar-data", f"{prop.name} stands outside VCALENDAR")
    else:
        stack[-1].properties.append(prop)


def _begin(name: str, stack: list[_Open]) -> None:
    if len(stack) > MAX_DEPTH:
        raise InvalidObject("valid-calendar-data", f"components are nested deeper than {MAX_DEPTH}")
    if not _HEAD.match(name + ":"):
        raise InvalidObject("valid-calendar-data", "BEGIN does not name a component")
    if (len(stack) == 1) != (name == "VCALENDAR"):
        raise InvalidObject("valid-calendar-data", f"{name[:_SHOWN]} cannot begin here")
    stack.append(_Open(name, [], []))


def _end(name: str, stack: list[_Open]) -> None:
    if len(stack) == 1 or stack[-1].name != name:
        raise InvalidObject("valid-calendar-data", f"END:{name[:_SHOWN]} closes nothing that is open")
    done = stack.pop()
    stack[-1].components.append(Component(done.name, tuple(done.properties), tuple(done.components)))


def _unfolded(data: bytes) -> list[str]:
    if len(data) > MAX_BYTES:
        raise InvalidObject("max-resource-size", f"more than {MAX_BYTES} bytes")
    flat = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    if flat.count(b"\n") > MAX_LINES:
        raise InvalidObject("max-resource-size", f"more than {MAX_LINES} lines")
    # Octets are joined before decoding: a client may fold inside a UTF-8 character.
    joined = _FOLD.sub(b"", flat)
    try:
        text = joined.decode()
    except UnicodeDecodeError as error:
        line = _physical(data, joined.count(b"\n", 0, error.start))
        raise InvalidObject("valid-calendar-data", "the text is not UTF-8", line) from None
    if found := _CONTROL.search(text):
        line = _physical(data, text.count("\n", 0, found.start()))
        raise InvalidObject("valid-calendar-data", f"control character {ord(found[0]):#04x}", line)
    if text.count(";") > MAX_SEMICOLONS:
        raise InvalidObject("valid-calendar-data", "the text has too many parameters")
    return text.split("\n")


def _physical(data: bytes, logical: int) -> int:
    """Return the 1-based line, as a text editor counts, of the nth unfolded line."""
    seen = 0
    for number, raw in enumerate(data.split(b"\n"), 1):
        if number > 1 and raw[:1] not in (b" ", b"\t"):
            seen += 1
        if seen == logical:
            return number
    return 1


def _lines(component: Component) -> Iterator[str]:
    yield f"BEGIN:{component.name}"
    for prop in component.properties:
        yield prop.line
    for child in component.components:
        yield from _lines(child)
    yield f"END:{component.name}"


def _param_values(written: str | None) -> tuple[str, ...]:
    if written is None:
        return ()
    if "," not in written and '"' not in written:
        return (_param_decoded(written),)
    return tuple(_param_decoded(found[1] or found[2] or "") for found in _PARAM_VALUE.finditer(written))


def _param_decoded(value: str) -> str:
    return _PARAM_CODED.sub(lambda found: _PARAM_PLAIN[found[1]], value) if "^" in value else value


def _quoted(key: str, value: str) -> str:
    coded = _CONTROL.sub("", value).translate(_PARAM_CODES)
    return f'"{coded}"' if key in _QUOTED or any(mark in coded for mark in ":;,") else coded


def _not_a_property(line: str) -> InvalidObject:
    shown = line if len(line) <= _SHOWN else line[:_SHOWN] + "…"
    return InvalidObject("valid-calendar-data", f"not a property line: {shown}")
