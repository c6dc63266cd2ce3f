"""Our values as JSON objects; their keys are part of the interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from hypha_artifact.models import Entry

ENTRY = (
    '{"path", "name", "type": "file" or "directory", "size": bytes or null, '
    '"last_modified": epoch seconds or null}'
)


class EntryValue(TypedDict):
    """A file or folder."""

    path: str
    name: str
    type: str
    size: int | None
    last_modified: float | None


def entry_value(path: str, entry: Entry) -> EntryValue:
    """Say what is at a path."""
    return {
        "path": path,
        "name": entry.name,
        "type": entry.kind.value,
        "size": entry.size,
        "last_modified": entry.modified,
    }
