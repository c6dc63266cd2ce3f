"""Textual bindings, made from the one table of keys."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from hypha_tui.keymap import Key, keys_of


def bindings_of(context: str) -> list[BindingType]:
    """Make the bindings of a context; each action's id is ``context.action``."""
    return [_binding(key) for key in keys_of(context)]


def _binding(key: Key) -> Binding:
    return Binding(
        ",".join(key.keys),
        key.action,
        key.label or key.help,
        tooltip=key.help,
        show=False,
        id=f"{key.context}.{key.action}",
    )
