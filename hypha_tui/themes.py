"""The visual language: symbols and bars, in Unicode or plain ASCII."""

from __future__ import annotations

import codecs
import locale
from collections.abc import Mapping

from msgspec import Struct


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
