"""One table of keys: bindings, footer, help and docs are all made from it.

Contexts name where a key works: ``main`` everywhere on the main screen, ``list`` in a
pane's file list, ``transfers`` and ``staged`` in the panels.
"""

from __future__ import annotations

from msgspec import Struct


class Key(Struct, frozen=True, kw_only=True):
    """One action, the keys that call it, and how to name it.

    ``label`` is short, for the footer (empty: not shown there); ``help`` is one line.
    Where the footer is short of room, the highest ``spare`` is left out first.
    ``on_files``: it does something only while a pane has the focus.
    """

    action: str
    keys: tuple[str, ...]
    help: str
    context: str
    label: str = ""
    spare: int = 2
    on_files: bool = False


_ON_FILES = {"copy", "view", "remove", "make_folder", "filter"}
_SPARE = {
    "help": 0,
    "quit": 0,
    "transfers": 0,
    "pause": 0,
    "cancel": 0,
    "retry": 0,
    "unstage": 0,
    "mark": 1,
    "copy": 1,
    "now": 1,
    "commit_after": 1,
    "limit": 1,
    "clear": 1,
    "discard": 1,
    "switch_pane": 3,
    "view": 3,
    "make_folder": 4,
    "pick": 5,
    "filter": 6,
}
"""The others are between."""


def _key(context: str, action: str, keys: str, label: str, text: str) -> Key:
    return Key(
        action=action,
        keys=tuple(keys.split()),
        help=text,
        context=context,
        label=label,
        spare=_SPARE.get(action, 2),
        on_files=action in _ON_FILES,
    )


KEYMAP: tuple[Key, ...] = (
    # Everywhere on the main screen.
    _key("main", "help", "question_mark f1", "Help", "Show all keys"),
    _key("main", "switch_pane", "tab", "Pane", "Go to the other pane"),
    _key("main", "copy", "f5 c", "Copy", "Copy the selection to the other pane"),
    _key("main", "view", "f3 v", "View", "Look into the file: text, or hex"),
    _key("main", "commit", "C", "Commit", "Review and commit the stage"),
    _key("main", "remove", "f8 d delete", "Delete", "Remove the selection"),
    _key("main", "make_folder", "f7 a", "Folder", "Make a folder here"),
    _key("main", "filter", "slash", "Filter", "Show only names that match"),
    _key("main", "pick", "at", "Open", "Choose a workspace, artifact and version"),
    _key("main", "staged", "s", "Stage", "Show or leave the staged changes"),
    _key("main", "transfers", "t", "Transfers", "Show or leave the transfers panel"),
    _key("main", "versions", "V", "", "Choose a version of the artifact"),
    _key("main", "refresh", "ctrl+r", "", "List both panes again"),
    _key("main", "swap_panes", "x", "", "Swap the two panes"),
    _key("main", "toggle_hidden", "full_stop", "", "Show or hide dot files"),
    _key("main", "sort", "comma", "", "Sort by the next column"),
    _key("main", "history_back", "alt+left", "", "Back to where the pane was before"),
    _key("main", "history_forward", "alt+right", "", "Forward again"),
    _key("main", "zoom", "z", "", "Zoom the focused pane or panel"),
    _key("main", "quit", "q f10", "Quit", "Quit; asks while work is pending"),
    # In a pane's list.
    _key("list", "cursor_up", "up k", "", "Up"),
    _key("list", "cursor_down", "down j", "", "Down"),
    _key("list", "page_up", "pageup", "", "A page up"),
    _key("list", "page_down", "pagedown", "", "A page down"),
    _key("list", "first", "home g", "", "To the first row"),
    _key("list", "last", "end G", "", "To the last row"),
    _key("list", "open", "enter right l", "", "Open the folder, or view the file"),
    _key("list", "leave", "backspace left h", "", "Go to the folder above"),
    _key("list", "mark", "space insert", "Mark", "Mark the row, and go down"),
    _key("list", "extend_up", "shift+up", "", "Mark from here up"),
    _key("list", "extend_down", "shift+down", "", "Mark from here down"),
    _key("list", "select_all", "ctrl+a A", "", "Mark all"),
    _key("list", "invert", "asterisk", "", "Turn all marks around"),
    _key("list", "again", "r", "", "List the folder again"),
    _key("list", "back", "escape", "", "One step back: filter, then marks"),
    # In the transfers panel.
    _key("transfers", "pause", "space", "Pause", "Pause or resume this file"),
    _key("transfers", "pause_all", "P", "Pause all", "Pause or resume everything"),
    _key("transfers", "cancel", "x", "Cancel", "Cancel this file"),
    _key("transfers", "cancel_all", "X", "", "Cancel everything that is left"),
    _key("transfers", "retry", "r", "Retry", "Try this file again"),
    _key("transfers", "retry_all", "R", "Retry failed", "Try all failed files again"),
    _key("transfers", "now", "n", "Now", "Let this one go before all others, now"),
    _key("transfers", "raise", "plus", "", "Let this batch go before others"),
    _key("transfers", "lower", "minus", "", "Let others go before this batch"),
    _key(
        "transfers", "commit_after", "c", "Commit after", "Commit once it is up, or not"
    ),
    _key("transfers", "limit", "L", "Limit", "Limit how fast bytes go"),
    _key("transfers", "clear", "D", "Clear", "Forget what is finished"),
    # In the staged-changes panel.
    _key("staged", "unstage", "space", "Unstage", "Take this change out of the stage"),
    _key("staged", "discard", "d", "Discard", "Throw the whole stage away"),
)


def keys_of(context: str) -> tuple[Key, ...]:
    """Return the table's rows for one context, in order."""
    return tuple(key for key in KEYMAP if key.context == context)


_SHOWN = {
    "question_mark": "?",
    "full_stop": ".",
    "slash": "/",
    "comma": ",",
    "at": "@",
    "asterisk": "*",
    "plus": "+",
    "minus": "-",
    "space": "Space",
    "tab": "Tab",
    "enter": "Enter",
    "escape": "Esc",
    "backspace": "Bksp",
    "delete": "Del",
    "insert": "Ins",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
}


def shown(key: str) -> str:
    """Name a key as people do: ``ctrl+r`` as ``^r``, ``question_mark`` as ``?``."""
    prefix, _, name = key.rpartition("+")
    name = _SHOWN.get(name, name.upper() if name[:1] == "f" and len(name) > 1 else name)
    return {"ctrl": "^", "shift": "Shift-", "alt": "Alt-"}.get(prefix, "") + name
