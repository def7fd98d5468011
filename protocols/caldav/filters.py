"""The filter of a calendar-query as values: what a client may ask of components, properties and parameters.

RFC 4791, 9.7. What is legal and not answered here is refused with supported-filter, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from protocols.caldav import timeranges, xml_in
from protocols.caldav.collations import COLLATIONS, DEFAULT
from protocols.caldav.errors import DavError
from protocols.caldav.names import caldav
from protocols.caldav.timeranges import TimeRange

FILTER_LIMIT = 64
_TIMED = frozenset({"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VALARM", "VCALENDAR"})
_TEXT_MATCH, _NOT_DEFINED, _TIME_RANGE = caldav("text-match"), caldav("is-not-defined"), caldav("time-range")
_COMP, _PROP, _PARAM = caldav("comp-filter"), caldav("prop-filter"), caldav("param-filter")


@dataclass(frozen=True, slots=True)
class TextMatch:
    """A substring to be found, or with `negated` not to be found, under a collation."""

    text: str
    collation: str = DEFAULT
    negated: bool = False

    def holds(self, text: str) -> bool:
        """Whether a text matches."""
        fold = COLLATIONS[self.collation]
        return (fold(self.text) in fold(text)) is not self.negated


@dataclass(frozen=True, slots=True)
class ParamFilter:
    """A condition on a parameter; without a match it only has to be there, with `absent` not to be."""

    name: str
    absent: bool = False
    match: TextMatch | None = None


@dataclass(frozen=True, slots=True)
class PropFilter:
    """A condition on a property and its parameters."""

    name: str
    absent: bool = False
    within: TimeRange | None = None
    match: TextMatch | None = None
    params: tuple[ParamFilter, ...] = ()


@dataclass(frozen=True, slots=True)
class CompFilter:
    """A condition on a component, its properties and the components in it."""

    name: str
    absent: bool = False
    within: TimeRange | None = None
    props: tuple[PropFilter, ...] = ()
    comps: tuple[CompFilter, ...] = ()


def parse(root: etree._Element) -> CompFilter:
    """Return the filter of a calendar-query, whose one comp-filter is about VCALENDAR; raises DavError."""
    node = xml_in.child(root, caldav("filter"))
    tops = [] if node is None else [each for tag, each in xml_in.children(node) if tag == _COMP]
    if len(tops) != 1 or _name(tops[0]) != "VCALENDAR":
        raise _invalid("A filter holds one comp-filter, named VCALENDAR.")
    if sum(1 for _ in tops[0].iter(_COMP, _PROP, _PARAM)) > FILTER_LIMIT:
        raise DavError(403, caldav("supported-filter"), reason=f"At most {FILTER_LIMIT} conditions are evaluated.")
    return _comp(tops[0])


def _invalid(reason: str) -> DavError:
    return DavError(403, caldav("valid-filter"), reason=reason)


def _name(node: etree._Element) -> str:
    name = node.get("name", "").strip().upper()
    if not name:
        raise _invalid("Every condition names what it is about.")
    return name


def _parts(node: etree._Element, *allowed: str) -> Mapping[str, list[etree._Element]]:
    """Return the children by name; raises DavError for what does not belong there."""
    parts: dict[str, list[etree._Element]] = {name: [] for name in (*allowed, _NOT_DEFINED)}
    for tag, child in xml_in.children(node):
        if tag not in parts:
            raise DavError(403, caldav("supported-filter"), reason=f"{tag} is not evaluated here.")
        parts[tag].append(child)
    if parts[_NOT_DEFINED] and sum(map(len, parts.values())) > 1:
        raise _invalid("What is not defined has no other condition.")
    return parts


def _comp(node: etree._Element) -> CompFilter:
    name = _name(node)
    parts = _parts(node, _TIME_RANGE, _PROP, _COMP)
    if parts[_TIME_RANGE] and name not in _TIMED:
        raise DavError(403, caldav("supported-filter"), reason=f"Time ranges on {name} are not evaluated here.")
    return CompFilter(
        name,
        bool(parts[_NOT_DEFINED]),
        _within(parts),
        tuple(_prop(each) for each in parts[_PROP]),
        tuple(_comp(each) for each in parts[_COMP]),
    )


def _within(parts: Mapping[str, list[etree._Element]]) -> TimeRange | None:
    if len(parts[_TIME_RANGE]) > 1:
        raise _invalid("There is at most one time range.")
    return timeranges.parse(parts[_TIME_RANGE][0]) if parts[_TIME_RANGE] else None


def _prop(node: etree._Element) -> PropFilter:
    name = _name(node)
    parts = _parts(node, _TIME_RANGE, _TEXT_MATCH, _PARAM)
    if parts[_TIME_RANGE] and parts[_TEXT_MATCH]:
        raise _invalid("A property is matched by time or by text.")
    params = tuple(_param(each) for each in parts[_PARAM])
    return PropFilter(name, bool(parts[_NOT_DEFINED]), _within(parts), _match(parts), params)


def _param(node: etree._Element) -> ParamFilter:
    parts = _parts(node, _TEXT_MATCH)
    return ParamFilter(_name(node), bool(parts[_NOT_DEFINED]), _match(parts))


def _match(parts: Mapping[str, list[etree._Element]]) -> TextMatch | None:
    if len(parts[_TEXT_MATCH]) > 1:
        raise _invalid("There is at most one text to match.")
    if not parts[_TEXT_MATCH]:
        return None
    node = parts[_TEXT_MATCH][0]
    collation = node.get("collation", DEFAULT).strip()
    if collation == "default":
        collation = DEFAULT
    if collation not in COLLATIONS:
        raise DavError(403, caldav("supported-collation"), reason=f"Collations are {', '.join(COLLATIONS)}.")
    negated = node.get("negate-condition", "no").strip().lower()
    if negated not in {"yes", "no"}:
        raise _invalid("negate-condition is yes or no.")
    return TextMatch(xml_in.raw_text(node), collation, negated == "yes")
