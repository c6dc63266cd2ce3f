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
    "Read files": {
        "ls": Place("listing", "List folders."),
        "listdir": Place("listing", "List the names in folders, one a line."),
        "tree": Place("trees", "Draw folders as trees."),
        "find": Place(
            "finding", "Find every file below folders, one full path a line."
        ),
        "cat": Place("reading", "Print files to stdout, byte for byte."),
        "head": Place("reading", "Print the first bytes of files to stdout."),
        "info": Place("asking", "Show what is known of files and folders."),
        "exists": Place("asking", "Print True for what exists, else False."),
        "isdir": Place(
            "asking", "Print True for a folder, else False; -q as for exists."
        ),
        "isfile": Place(
            "asking", "Print True for a file, else False; -q as for exists."
        ),
        "size": Place("asking", "Print sizes of files in bytes; of a folder, see du."),
        "sizes": Place("asking", "Print sizes of files in bytes; of a folder, see du."),
        "modified": Place("asking", "Print when files were last written, in UTC."),
        "du": Place("trees", "Add up the sizes of files, folder by folder."),
    },
    "Change files": {
        "rm": Place(
            "changing",
            "Remove files from the stage; in place, what is committed goes at the "
            "commit.",
        ),
        "rm-file": Place(
            "changing",
            "Remove files from the stage; in place, what is committed goes at the "
            "commit.",
        ),
        "rmdir": Place("changing", "Remove empty folders."),
        "mkdir": Place(
            "changing", "Make folders; each is held by an empty .keep file."
        ),
        "makedirs": Place("changing", "Make folders and those above them."),
        "touch": Place("changing", "Make empty files."),
        "copy": Place(
            "changing", "Copy files within the artifact; the last path is where to."
        ),
        "cp": Place(
            "changing", "Copy files within the artifact; the last path is where to."
        ),
        "mv": Place(
            "changing", "Move files within the artifact: copy them, then remove them."
        ),
    },
    "Transfer": {
        "put": Place("sending", "Upload files, and with -r the contents of folders."),
        "get": Place(
            "fetching", "Download files, and with -r the contents of folders."
        ),
        "upload": Place(
            "sending", "Upload files and folders; without REMOTE, into the root."
        ),
        "download": Place(
            "fetching",
            "Download files and folders; without LOCAL, into the working folder.",
        ),
        "sync": Place(
            "comparing",
            "Make a folder of an artifact like a local one, or the other way round.",
        ),
        "transfers": Place(
            "transfers",
            "Show, pause, resume, cancel, retry or order what runs in the background.",
        ),
    },
    "Stage and versions": {
        "status": Place(
            "staging", "Show what is staged, and what readers will see after a commit."
        ),
        "diff": Place(
            "comparing",
            "Show what differs between two versions; by default, what is staged.",
        ),
        "commit": Place("staging", "Make the stage final."),
        "discard": Place(
            "staging",
            "Throw the stage away; readers see the latest version as it was.",
        ),
        "versions": Place("staging", "List the committed versions, oldest first."),
    },
    "Artifacts": {
        "artifacts": Place("artifacts", "List or search artifacts and collections."),
        "create": Place("records", "Create an artifact, and print its name."),
        "edit": Place("records", "Change an artifact's record, or open its stage."),
        "delete": Place(
            "records", "Delete a whole artifact, or its last version, for good."
        ),
        "list-children": Place("records", "List the artifacts in a collection."),
    },
    "Connection": {
        "login": Place("login", "Sign in with a browser, and keep the token."),
        "logout": Place("login", "Remove the token that is kept for a profile."),
        "profiles": Place("profiles", "List, show, choose and remove profiles."),
        "whoami": Place("account", "Show who you are, and until when."),
        "workspaces": Place("account", "List your workspaces."),
        "doctor": Place(
            "doctor", "Find out what is wrong with the connection, rights or stage."
        ),
        "completion": Place(
            "completion",
            "Print a script that makes a shell complete commands, options and paths.",
        ),
        "run-shell": Place("prompt", "Take commands at a prompt, for one artifact."),
        "localserver": Place(
            "localserver",
            "Run a real Hypha server with S3 storage on this machine, until Ctrl-C.",
        ),
    },
}

PLACES = {
    name: place for section in SECTIONS.values() for name, place in section.items()
}
