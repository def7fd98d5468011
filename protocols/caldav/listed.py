"""What listings know of an object, wherever they come from."""

from __future__ import annotations

from typing import Protocol


class Row(Protocol):
    """What every listing knows of an object: an Entry, a Change or a Loaded."""

    @property
    def item(self) -> int:
        """Its identity for life."""

    @property
    def href(self) -> str:
        """Its name in the collection, as `storage.spelling` keeps it."""

    @property
    def etag(self) -> str | None:
        """Its bare entity tag."""

    @property
    def component(self) -> str:
        """Its main component, such as VEVENT."""

    @property
    def size(self) -> int:
        """Its length in bytes."""

    @property
    def modified(self) -> int:
        """When it was last written, in epoch seconds."""

    @property
    def created(self) -> int:
        """When it was made, in epoch seconds."""

    @property
    def schedule_tag(self) -> str:
        """Its bare Schedule-Tag, "" when it is no meeting."""
