"""What an administrator does to phones, each with its line in the audit trail, and how their state is worded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from protocols.eas.session import ACCOUNT_WIPE_FROM
from server.texts import N_, _
from server.wording import filled
from storage.errors import NotFound
from storage.model import Device, Principal, Wipe
from storage.transaction import Transaction

_WIPES: Final = {
    Wipe.DEVICE: N_("to be wiped"),
    Wipe.ACCOUNT: N_("account to be removed"),
    Wipe.DONE: N_("wiped"),
    Wipe.FAILED: N_("wipe failed"),
}
_ALLOW: Final = "cadran devices allow {login} {device}"
_ADVICE: Final = {
    "quarantined": N_("It waits to be let in: “{allow}”."),
    "blocked": N_("To let it in again: “{allow}”."),
    "wipe": N_("This is called off, until it has synchronised, by “{allow}”."),
}
_REFUSALS: Final = {
    "Sync 3": N_("It had lost its place in a calendar and started that calendar again."),
    "FolderSync 9": N_("It had lost its place in the list of calendars and started again."),
    "115": N_("It sent a letter after its owner had sent as many as one may in a day."),
    "116": N_("It wrote to an address that is none, or to too many at once."),
    "119": N_("It sent a letter that was to nobody."),
    "120": N_("Its letter was not sent: no mail server, an owner without address, or one who may not write so."),
    "122": N_("It sent a letter that was too large."),
    "139": N_("It cannot do what the school's policy asks."),
    "142": N_("It has not taken the school's policy."),
    "143": N_("It has not yet taken the school's new policy."),
    "144": N_("It came with the key of an old policy."),
    "151": N_("It would have too many calendars."),
}


@dataclass(frozen=True, slots=True)
class Care:
    """One device of one person, in a transaction that writes; `actor` is who acts."""

    tx: Transaction
    owner: Principal
    device: Device
    actor: str

    def _note(self, action: str, **detail: str) -> None:
        self.tx.audit.record(self.actor, action, self.owner.login, device=self.device.device_id, **detail)
        # A phone that waits for changes hears of it at once.
        self.tx.collections.nudge(self.owner.id)

    def block(self) -> None:
        """Let the device in no more."""
        self.tx.devices.save(replace(self.device, blocked=True, quarantined=False))
        self._note("device-blocked")

    def allow(self) -> None:
        """Let the device in, whatever kept it out; a wipe that it has not heard of yet is called off."""
        self.tx.devices.save(replace(self.device, blocked=False, quarantined=False, wipe=Wipe.NONE))
        self._note("device-allowed")

    def wipe(self, kind: Wipe) -> None:
        """Have the device, or the account on it, wiped when it next comes."""
        self.tx.devices.save(replace(self.device, blocked=False, quarantined=False, wipe=kind))
        self._note("device-wipe-asked", kind=kind.value)

    def forget(self) -> None:
        """Delete what is known of the device."""
        self.tx.devices.forget(self.owner.id, self.device.device_id)
        self._note("device-forgotten")

    def resync(self) -> None:
        """Make the device load everything again."""
        self.tx.devices.drop_states(self.owner.id, self.device.device_id)
        self._note("device-resynced")


def care(tx: Transaction, owner: Principal, device_id: str, actor: str) -> Care:
    """Take a device in hand; raises NotFound."""
    found = tx.devices.get(owner.id, device_id)
    if found is None:
        raise NotFound("device", device_id)
    return Care(tx, owner, found, actor)


def account_stays(device: Device) -> bool:
    """Tell whether a device cannot remove an account by itself, so that asking for that only blocks it."""
    return device.version < ACCOUNT_WIPE_FROM


def state(device: Device) -> str:
    """Return in a word or two whether a device may synchronise."""
    if device.wipe is Wipe.ACCOUNT and account_stays(device):
        return _("blocked")
    if device.wipe is not Wipe.NONE:
        return _(_WIPES[device.wipe])
    if device.blocked:
        return _("blocked")
    return _("in quarantine") if device.quarantined else _("allowed")


def advice(device: Device, login: str) -> str:
    """Return what an administrator may do about a device that is not let in, "" for one that is."""
    waits = device.wipe is Wipe.DEVICE or (device.wipe is Wipe.ACCOUNT and not account_stays(device))
    if not (waits or device.blocked or device.quarantined or device.wipe is not Wipe.NONE):
        return ""
    kept = device.blocked or device.wipe is not Wipe.NONE
    words = _ADVICE["wipe" if waits else "blocked" if kept else "quarantined"]
    return filled(words, {"allow": _ALLOW.format(login=login, device=device.device_id)})


def last_error(device: Device) -> str:
    """Return the last refusal of a device in words, "" when there was none."""
    if not device.error:
        return ""
    command, _space, status = device.error.partition(" ")
    words = _REFUSALS.get(device.error) or _REFUSALS.get(status)
    if words is not None:
        return _(words)
    return filled(N_("{command} was refused with status {status}."), {"command": command, "status": status})
