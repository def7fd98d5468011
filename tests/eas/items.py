"""Items as phones word them: commands of a Sync and the element orders of real clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.eas.wbxml import Pair

# EAS-4-TbSync writes Timezone first and Subject late; AOSP writes the dates after the time zone and the UID last
TBSYNC_ORDER = (
    "Timezone AllDayEvent Body BusyStatus DtStamp EndTime Location Reminder Sensitivity Subject StartTime UID "
    "MeetingStatus Attendees Categories Recurrence Exceptions"
).split()
AOSP_ORDER = (
    "AllDayEvent Timezone StartTime EndTime DtStamp Location Subject Body OrganizerEmail OrganizerName Recurrence "
    "Exceptions Categories Attendees MeetingStatus BusyStatus Sensitivity Reminder UID"
).split()


def event(facts: Mapping[str, object], order: Sequence[str] = AOSP_ORDER) -> list[Pair]:
    """Return ApplicationData's children, in one client's order.

    `facts` are Calendar names without namespace; Body is plain text; lists are children given as pairs.
    """
    unknown = set(facts) - set(order)
    assert not unknown, f"{unknown} in no order"
    return [_property(name, facts[name]) for name in order if name in facts]


def _property(name: str, value: object) -> Pair:
    if name == "Body":
        text = str(value)
        size = len(text.encode())
        parts = [("AirSyncBase:Type", 1), ("AirSyncBase:EstimatedDataSize", size), ("AirSyncBase:Data", text)]
        return ("AirSyncBase:Body", parts)
    return (f"Calendar:{name}", value)


def add(client_id: str, data: Sequence[Pair]) -> Pair:
    """Create an item under an id of the phone's own."""
    return ("AirSync:Add", [("AirSync:ClientId", client_id), ("AirSync:ApplicationData", list(data))])


def change(server_id: str, data: Sequence[Pair]) -> Pair:
    """Replace an item the server knows."""
    return ("AirSync:Change", [("AirSync:ServerId", server_id), ("AirSync:ApplicationData", list(data))])


def delete(server_id: str) -> Pair:
    """Remove an item the server knows."""
    return ("AirSync:Delete", [("AirSync:ServerId", server_id)])
