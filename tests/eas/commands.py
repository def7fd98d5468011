"""What a phone asks besides synchronising: folders of its own, moves, answers, the directory, mail."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from tests.eas.client import Folder, Phone
from tests.eas.wbxml import Node, Pair


def folder_create(phone: Phone, name: str, kind: object = 13, parent: str = "0", key: str | None = None) -> str:
    """Make a folder and return the status; one that was made is among the phone's folders."""
    facts = [("ParentId", parent), ("DisplayName", name), ("Type", kind)]
    root = _folder_command(phone, "FolderCreate", facts, key)
    status, made = root.value("FolderHierarchy:Status") or "", root.value("FolderHierarchy:ServerId")
    assert (status == "1") == (made is not None), "a ServerId goes with success and only with it"
    if made is not None:
        phone.folders[made] = Folder(made, parent, name, str(kind))
    return status


def folder_update(phone: Phone, server_id: str, name: str, parent: str = "0", key: str | None = None) -> str:
    """Rename a folder and return the status."""
    facts = [("ServerId", server_id), ("ParentId", parent), ("DisplayName", name)]
    status = _folder_command(phone, "FolderUpdate", facts, key).value("FolderHierarchy:Status") or ""
    if status == "1":
        phone.folders[server_id].name = name
    return status


def folder_delete(phone: Phone, server_id: str, key: str | None = None) -> str:
    """Remove a folder, whatever the server thinks of it, and return the status."""
    status = _folder_command(phone, "FolderDelete", [("ServerId", server_id)], key).value("FolderHierarchy:Status")
    for held in (phone.folders, phone.keys, phone.items):
        held.pop(server_id, None)
    return status or ""


def _folder_command(phone: Phone, command: str, facts: Sequence[tuple[str, object]], key: str | None) -> Node:
    parts: list[Pair] = [(f"FolderHierarchy:{name}", value) for name, value in facts]
    parts.insert(0, ("FolderHierarchy:SyncKey", phone.folder_key if key is None else key))
    root = phone.post(command, (f"FolderHierarchy:{command}", parts)).root
    assert root is not None, command
    assert root.name == f"FolderHierarchy:{command}"
    new_key = root.value("FolderHierarchy:SyncKey")
    assert (root.value("FolderHierarchy:Status") == "1") == (new_key is not None), "a key goes with success"
    phone.folder_key = new_key or phone.folder_key
    return root


def move(phone: Phone, *moves: tuple[str, str, str]) -> list[tuple[str, Any]]:
    """Move items, each (id, from, to); returns status and new id of each and does on the phone what was done."""
    names = ("SrcMsgId", "SrcFldId", "DstFldId")
    asked = [("Move:Move", [(f"Move:{n}", v) for n, v in zip(names, each, strict=True)]) for each in moves]
    root = phone.post("MoveItems", ("Move:MoveItems", asked)).root
    assert root is not None
    assert len(root.children) == len(moves), root.names()
    said = []
    for (server_id, source, target), response in zip(moves, root.children, strict=True):
        assert response.value("Move:SrcMsgId") == server_id
        status, moved = response.value("Move:Status") or "", response.value("Move:DstMsgId")
        assert (status == "3") == (moved is not None), "a new id goes with success"
        if moved is not None and server_id in phone.items.get(source, {}):
            data = phone.items[source].pop(server_id)
            if target in phone.items:
                phone.items[target][moved] = data
        said.append((status, moved))
    return said


def respond(phone: Phone, answer: object, **facts: str) -> tuple[str, str | None]:
    """Answer an invitation: status and CalendarId; facts are CollectionId, RequestId, InstanceId, LongId."""
    parts: list[Pair] = [("MeetingResponse:UserResponse", answer)]
    parts += [(f"{'Search' if name == 'LongId' else 'MeetingResponse'}:{name}", value) for name, value in facts.items()]
    asked = ("MeetingResponse:MeetingResponse", [("MeetingResponse:Request", parts)])
    root = phone.post("MeetingResponse", asked).root
    assert root is not None
    result = root.find("MeetingResponse:Result")
    if result is None:
        return root.value("MeetingResponse:Status") or "", None
    assert result.value("MeetingResponse:RequestId") == facts.get("RequestId")
    return result.value("MeetingResponse:Status") or "", result.value("MeetingResponse:CalendarId")


def search(phone: Phone, query: object, store: str = "GAL", **options: Any) -> Node:
    """Search and return the Store of the answer."""
    asked: list[Pair] = [("Search:Name", store), ("Search:Query", query)]
    if options:
        asked.append(("Search:Options", [(f"Search:{name}", value) for name, value in options.items()]))
    root = phone.post("Search", ("Search:Search", [("Search:Store", asked)])).root
    assert root is not None
    assert root.value("Search:Status") == "1", root.value("Search:Status")
    found = root.find("Search:Response", "Search:Store")
    assert found is not None
    return found


def found_names(store: Node) -> list[str]:
    """Return the display names in a search's answer."""
    return [each.value("Search:Properties", "GAL:DisplayName") or "" for each in store.all("Search:Result")]


def resolve(phone: Phone, *names: str, options: Sequence[Pair] = ()) -> Node:
    """Ask who is meant; returns the root of the answer."""
    asked: list[Pair] = [("ResolveRecipients:To", name) for name in names]
    if options:
        asked.append(("ResolveRecipients:Options", list(options)))
    root = phone.post("ResolveRecipients", ("ResolveRecipients:ResolveRecipients", asked)).root
    assert root is not None
    return root


def send(phone: Phone, mime: bytes, client_id: str = "1", command: str = "SendMail", *more: Pair) -> str:
    """Hand over a letter; returns the status, "1" for the empty answer, or the HTTP status up to 12.1."""
    if float(phone.version) < 14.0:
        return str(phone.post(command, mime).status)
    parts: list[Pair] = [("ComposeMail:ClientId", client_id), *more, ("ComposeMail:Mime", mime)]
    answer = phone.post(command, (f"ComposeMail:{command}", parts))
    return "1" if answer.root is None and answer.status == 200 else answer.value("ComposeMail:Status") or ""


def encoded(certificate: bytes) -> str:
    """Return a certificate as it stands in ValidateCert."""
    return base64.b64encode(certificate).decode()
