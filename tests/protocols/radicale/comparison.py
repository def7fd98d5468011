"""Two servers under the same requests: ours, and Radicale on our storage, with answers brought to a common form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree

from storage.store import Store
from tests.protocols.caldav.client import CS, A, Answer, C, D, Dav
from tests.protocols.radicale.client import Person, Radicale

OPAQUE = frozenset({D + "getetag", D + "sync-token", CS + "getctag", D + "getlastmodified"})
HREFS = frozenset({D + "href"})
SHORT = {D: "D:", C: "C:", CS: "CS:", A: "A:"}
HOME = "~/"


@dataclass(frozen=True)
class Step:
    """One request; `{etag}` and `{token}` in headers and body stand for what earlier answers gave."""

    name: str
    method: str
    path: str
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Server:
    """One of the two, with what it gave so far: the entity tag of each path, and the last sync token of each."""

    send: Callable[[Step], Answer]
    local: Callable[[str], str]
    etags: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def run(self, step: Step) -> dict[str, str]:
        """Send a request and return the answer as flat facts."""
        given = {"etag": self.etags.get(step.path, '"none"'), "token": self.tokens.get(step.path, "")}
        body = step.body.replace("{token}", given["token"]).replace(f">{HOME}", f">{self.local(HOME)}")
        headers = {name: value.replace("{etag}", given["etag"]) for name, value in step.headers.items()}
        answer = self.send(Step(step.name, step.method, self.local(step.path), body, headers))
        if "ETag" in answer.headers and answer.status < 300:
            self.etags[step.path] = answer.headers["ETag"]
        if answer.token:
            self.tokens[step.path] = answer.token
        return facts(answer)


def ours(store: Store, person: Person) -> Server:
    """Our engine."""
    client = Dav(store, person.principal)

    def send(step: Step) -> Answer:
        return client.send(step.method, step.path, step.body, **step.headers)

    def local(path: str) -> str:
        if path == "/":
            return "/dav/"
        return client.principal if path == "principal" else client.home + path.removeprefix(HOME)

    return Server(send, local)


def theirs(url: str, person: Person) -> Server:
    """Radicale on our storage."""
    radicale = Radicale(url)

    def send(step: Step) -> Answer:
        return radicale.send(person, step.method, step.path, step.body, **step.headers)

    def local(path: str) -> str:
        if path == "/":
            return "/"
        return person.home if path == "principal" else person.home + path.removeprefix(HOME)

    return Server(send, local)


def common(path: str) -> str:
    """Return an address without what tells the servers apart: in both, a person is where their home is."""
    return re.sub(r"^(/dav/(principals|calendars)/|/)marie\.dupont/", HOME, path).replace("/dav/", "/")


def facts(answer: Answer) -> dict[str, str]:
    """Return an answer as flat facts: its status, the precondition it names, its rows, its text."""
    found = {"status": str(answer.status)}
    if answer.status == 207:
        found |= _rows(answer)
        return found | ({"sync-token": "given"} if answer.token else {})
    if "ETag" in answer.headers and answer.status < 300:
        found["ETag"] = "given"
    kind = answer.headers.get("Content-Type", "")
    if answer.body and "xml" in kind:
        root = ElementTree.fromstring(answer.body)
        found["body"] = " ".join(_short(each.tag) for each in (root, *root))
    elif answer.body and "calendar" in kind:
        found["body"] = calendar(answer.body.decode())
    return found


def _rows(answer: Answer) -> dict[str, str]:
    found: dict[str, str] = {}
    for href, row in answer.rows.items():
        place = common(href)
        found[place] = "listed" if row.status is None else str(row.status)
        for status, props in row.props.items():
            found |= {f"{place} {_short(name)}": f"{status} {_value(prop)}".strip() for name, prop in props.items()}
    return found


def _short(tag: str) -> str:
    space, _, local = tag.rpartition("}")
    return SHORT.get(space + "}", space + "}") + local


def _value(prop: ElementTree.Element) -> str:
    if prop.tag in OPAQUE:
        return "given" if (prop.text or "").strip() else "empty"
    if prop.tag == C + "calendar-data":
        return calendar(prop.text or "")
    inside = [_element(each) for each in prop.iter() if each is not prop and _element(each)]
    return " ".join([*([prop.text.strip()] if prop.text and prop.text.strip() else []), *sorted(inside)])


def _element(node: ElementTree.Element) -> str:
    if node.tag in HREFS:
        return common((node.text or "").strip())
    if node.tag in {D + "privilege", D + "supported-report", D + "report"}:
        return ""
    return " ".join([_short(node.tag), *node.attrib.values()])


def calendar(text: str) -> str:
    """Return the content lines of an iCalendar text, unfolded, in the order of the alphabet.

    When busy times were gathered is left out: it is the moment of the request.
    """
    lines = re.sub(r"\r?\n[ \t]", "", text).replace("\r\n", "\n").strip().split("\n")
    dull = ("BEGIN:VCAL", "END:", "VERSION:", *(("DTSTAMP:",) if "BEGIN:VFREEBUSY" in lines else ()))
    return "|".join(sorted(line for line in lines if not line.startswith(dull)))


def deltas(theirs: Mapping[str, str], ours: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return the facts that differ, each as theirs and ours; "-" for one that is not there."""
    return {
        name: (theirs.get(name, "-"), ours.get(name, "-"))
        for name in sorted({*theirs, *ours})
        if theirs.get(name) != ours.get(name)
    }
