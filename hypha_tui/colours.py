"""Our colour themes, and which one a terminal can show."""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import Theme

DARK = Theme(
    name="hypha-dark",
    primary="#5aa9ff",
    secondary="#4fd1c5",
    accent="#ffb86b",
    success="#7ddc8a",
    warning="#f2c14e",
    error="#ff6b6b",
    foreground="#d7dde5",
    background="#0f1419",
    surface="#141b22",
    panel="#1d2731",
    dark=True,
    variables={
        "border": "#5aa9ff",
        "border-blurred": "#33414f",
        "block-cursor-background": "#264f78",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#1f2a35",
        "block-cursor-blurred-foreground": "#d7dde5",
        "input-selection-background": "#264f78",
        "scrollbar": "#33414f",
        "scrollbar-hover": "#5aa9ff",
        "scrollbar-active": "#5aa9ff",
        "scrollbar-background": "#141b22",
        "scrollbar-background-hover": "#141b22",
        "scrollbar-background-active": "#141b22",
        "scrollbar-corner-color": "#141b22",
    },
)

LIGHT = Theme(
    name="hypha-light",
    primary="#0b62c4",
    secondary="#0f7b76",
    accent="#a6530a",
    success="#1f7a34",
    warning="#8a5a00",
    error="#b3261e",
    foreground="#1c2530",
    background="#f4f6f8",
    surface="#ffffff",
    panel="#e6ebf0",
    dark=False,
    variables={
        "border": "#0b62c4",
        "border-blurred": "#b8c3ce",
        "block-cursor-background": "#cfe3fa",
        "block-cursor-foreground": "#0d1b2a",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#e6ebf0",
        "block-cursor-blurred-foreground": "#1c2530",
        "scrollbar": "#b8c3ce",
        "scrollbar-hover": "#0b62c4",
        "scrollbar-active": "#0b62c4",
        "scrollbar-background": "#ffffff",
        "scrollbar-background-hover": "#ffffff",
        "scrollbar-background-active": "#ffffff",
        "scrollbar-corner-color": "#ffffff",
    },
)

THEMES = (DARK, LIGHT)
_FEW_COLOURS = {"linux", "ansi", "xterm", "screen", "dumb"}


def choose_theme(environ: Mapping[str, str]) -> str:
    """Pick the theme that this terminal can show.

    Args:
        environ: The environment; ``HYPHA_TUI_THEME`` decides, else TERM and COLORTERM.

    Returns:
        A theme's name: Textual's own ANSI theme at 16 colours and below.
    """
    wish = environ.get("HYPHA_TUI_THEME")
    if wish:
        return wish
    term = environ.get("TERM", "")
    rich = environ.get("COLORTERM") in {"truecolor", "24bit"}
    plain = term in _FEW_COLOURS or term.startswith("vt")
    return "ansi-dark" if plain and not rich else DARK.name
