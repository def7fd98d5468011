"""Many requests in many spellings, against a model of a few lines."""

from collections import defaultdict
from random import Random

import pytest

from storage import spelling
from tests.protocols.caldav.client import Dav, event_text

NAMES = ("a@b", "a%40b", "@", "%40", "a@b:c", "a%40b:c", "a@b%3Ac", "a%40b%3Ac", "plain", "50%25@", "50%25%40")
UIDS = ("u1", "u2", "u3", "u4")
STEPS = 60


class Model:
    """What a calendar should hold: UIDs by name, the oldest first, and what each request should answer."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}
        self.had: defaultdict[str, set[str]] = defaultdict(set)

    def found(self, name: str) -> str | None:
        """Return the name that is meant; one that had objects of its own means no others."""
        if name in self.held:
            return name
        found = next((each for each in self.held if spelling.same(each, name)), None)
        return None if found is None or (name in self.had and self.held[found] not in self.had[name]) else found

    def leave(self, name: str) -> str:
        """Take an object off its name; returns its UID."""
        uid = self.held.pop(name)
        self.had[name].add(uid)
        return uid

    def put(self, name: str, uid: str) -> int:
        """Write."""
        holder = next((each for each, held in self.held.items() if held == uid), None)
        if self.held.get(name, uid) != uid or (holder is not None and not spelling.same(holder, name)):
            return 409
        if name not in self.held and holder is None:
            self.held[name] = uid
            return 201
        return 204 if name in self.held or holder is not None else 409

    def delete(self, name: str) -> int:
        """Delete."""
        meant = self.found(name)
        if meant is None:
            return 404
        self.leave(meant)
        return 204

    def move(self, name: str, new: str) -> int:
        """Rename."""
        meant = self.found(name)
        if new in {name, meant}:
            return 403
        if meant is None:
            return 404
        if new in self.held:
            return 409
        self.held[new] = self.leave(meant)
        return 201


@pytest.mark.parametrize("seed", range(3))
def test_a_calendar_holds_what_the_rules_say(marie: Dav, seed: int):
    random, model = Random(seed), Model()
    for step in range(STEPS):
        name, other, uid = random.choice(NAMES), random.choice(NAMES), random.choice(UIDS)
        path = marie.agenda + spelling.segment(name)
        match random.randrange(4):
            case 0 | 1:
                assert marie.put(path, event_text(uid, f"{step}")).status == model.put(name, uid), (step, name, uid)
            case 2:
                assert marie.send("DELETE", path).status == model.delete(name), (step, name)
            case 3:
                there = marie.agenda + spelling.segment(other)
                status = marie.send("MOVE", path, destination=there).status
                assert status == model.move(name, other), (step, name, other)
        assert marie.names(marie.sync(marie.agenda)) == set(map(spelling.segment, model.held)), step
        asked = {each: marie.send("GET", marie.agenda + spelling.segment(each)) for each in NAMES}
        for each, answer in asked.items():
            meant = model.found(each)
            assert answer.status == (404 if meant is None else 200), (step, each)
            assert meant is None or f"UID:{model.held[meant]}\r\n".encode() in answer.body
