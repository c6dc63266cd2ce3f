"""The visual language: symbols, bars and colours, in Unicode or plain ASCII."""

from __future__ import annotations

import codecs
import locale
from collections.abc import Mapping

from msgspec import Struct
from textual.theme import Theme


class Symbols(Struct, frozen=True, kw_only=True):
    """The characters that stand for things; letters (A M D ! ?) never change."""

    marked: str
    folder: str
    up: str
    down: str
    waiting: str
    paused: str
    done: str
    failed: str
    warning: str
    ellipsis: str
    arrow: str
    separator: str
    bar_full: str
    bar_empty: str
    bar_parts: str
    """Partly filled cells, from least to most; empty where there are none."""


UNICODE = Symbols(
    marked="●",
    folder="/",
    up="↑",
    down="↓",
    waiting="…",
    paused="‖",
    done="✓",
    failed="✗",
    warning="▲",
    ellipsis="…",
    arrow="→",
    separator="·",
    bar_full="█",
    bar_empty="░",
    bar_parts="▏▎▍▌▋▊▉",
)

ASCII = Symbols(
    marked="*",
    folder="/",
    up="UP",
    down="DN",
    waiting="..",
    paused="||",
    done="ok",
    failed="E",
    warning="!",
    ellipsis="~",
    arrow="->",
    separator="-",
    bar_full="#",
    bar_empty=".",
    bar_parts="",
)


def choose_symbols(environ: Mapping[str, str], encoding: str | None = None) -> Symbols:
    """Pick the set that this terminal can show.

    Args:
        environ: The environment; ``HYPHA_TUI_ICONS=ascii|unicode`` decides, else TERM.
        encoding: The terminal's encoding; the locale's by default.

    Returns:
        ``ASCII`` on the Linux console, vt terminals and outside UTF-8.
    """
    wish = environ.get("HYPHA_TUI_ICONS", "auto")
    if wish in {"ascii", "unicode"}:
        return ASCII if wish == "ascii" else UNICODE
    term = environ.get("TERM", "")
    plain = term in {"linux", "dumb"} or term.startswith("vt")
    name = codecs.lookup(
        encoding or locale.getpreferredencoding(do_setlocale=False)
    ).name
    return ASCII if plain or name != "utf-8" else UNICODE


def bar(fraction: float, width: int, symbols: Symbols) -> str:
    """Draw a progress bar.

    Args:
        fraction: From 0 to 1.
        width: In cells.
        symbols: The set to draw with.

    Returns:
        A text of exactly ``width`` cells; full only when ``fraction`` is 1.
    """
    filled = max(0.0, min(1.0, fraction)) * width
    full = int(filled)
    steps = len(symbols.bar_parts) + 1
    step = int((filled - full) * steps)
    part = symbols.bar_parts[step - 1] if step and full < width else ""
    return (symbols.bar_full * full + part).ljust(width, symbols.bar_empty)


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
