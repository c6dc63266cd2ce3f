"""Every command by section: where it is, and its line in ``--help``.

Kept apart from the commands, so that ``--help`` loads none of them.
"""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A command's module in ``cli.commands``, and what it does in one line."""

    module: str
    summary: str


SECTIONS: dict[str, dict[str, Place]] = {
    "Read files": {},
    "Change files": {},
    "Transfer": {},
    "Stage and versions": {},
    "Artifacts": {},
    "Connection": {
        "localserver": Place(
            "localserver",
            "Run a real Hypha server with S3 storage on this machine, until Ctrl-C.",
        ),
    },
}

PLACES = {
    name: place for section in SECTIONS.values() for name, place in section.items()
}
