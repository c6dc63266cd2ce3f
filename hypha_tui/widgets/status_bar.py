"""The header, and the line for messages."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from msgspec import Struct
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget
from typing_extensions import override

from hypha_artifact.paths import printable
from hypha_tui.state.text import duration, fit_name, rate
from hypha_tui.themes import Symbols


class Link(Enum):
    """Whether the server answers; the value is what is shown."""

    CONNECTING = "connecting"
    OK = "ok"
    DOWN = "NO LINK"
    REFUSED = "NO SIGN-IN"


class HeaderState(Struct, frozen=True, kw_only=True):
    """What the header tells. Texts are untrusted; rates in bytes/s, times in s."""

    artifact: str = ""
    version: str = ""
    target: str = ""
    user: str = ""
    upload_rate: float = 0.0
    download_rate: float = 0.0
    eta: float | None = None
    link: Link = Link.CONNECTING


class HeaderBar(Widget):
    """The top line: what is open, who is asking, how fast it goes."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "header-bar--brand",
        "header-bar--artifact",
        "header-bar--version",
        "header-bar--target",
        "header-bar--muted",
        "header-bar--ok",
        "header-bar--down",
    }

    def __init__(self, symbols: Symbols) -> None:
        super().__init__()
        self._symbols = symbols
        self._state = HeaderState()

    def show(self, state: HeaderState) -> None:
        """Show another state."""
        if state != self._state:
            self._state = state
            self.refresh()

    @override
    def render_line(self, y: int) -> Strip:
        width = self.size.width
        right = self._right()
        room = width - sum(cell_len(segment.text) for segment in right)
        left = Strip(self._left(room)).adjust_cell_length(room, self.rich_style)
        return Strip([*left, *right]).adjust_cell_length(width, self.rich_style)

    def _left(self, room: int) -> list[Segment]:
        state = self._state
        parts = [(" hypha ", "brand"), ("  ", "")]
        tail = [(f" {printable(state.version)}", "version")] if state.version else []
        if state.target:
            tail += [
                (f" {self._symbols.arrow} ", "muted"),
                (printable(state.target), "target"),
            ]
        used = sum(cell_len(text) for text, _ in (*parts, *tail))
        name = printable(state.artifact)
        if cell_len(name) > room - used:
            name = fit_name(state.artifact, max(1, room - used), self._symbols.ellipsis)
        return self._segments([*parts, (name, "artifact"), *tail])

    def _right(self) -> list[Segment]:
        state, symbols = self._state, self._symbols
        roomy = self.size.width >= 100  # noqa: PLR2004
        parts: list[tuple[str, str]] = []
        if state.user and roomy:
            parts.append((f"{printable(state.user)[:24]}   ", "muted"))
        for sign, speed in (
            (symbols.up, state.upload_rate),
            (symbols.down, state.download_rate),
        ):
            if rate(speed):
                parts.append((f"{sign} {rate(speed)}  ", "version"))
        if state.eta is not None:
            parts.append((f"{duration(state.eta)}  ", "muted"))
        shade = {Link.OK: "ok", Link.CONNECTING: "muted"}.get(state.link, "down")
        parts.append((f"{state.link.value} ", shade))
        return self._segments(parts)

    def _segments(self, parts: list[tuple[str, str]]) -> list[Segment]:
        return [Segment(text, self._style(name)) for text, name in parts]

    def _style(self, name: str) -> Style:
        if not name:
            return self.rich_style
        return self.get_component_rich_style(f"header-bar--{name}")


class Tone(Enum):
    """How a message is meant."""

    INFO = "info"
    BUSY = "busy"
    DONE = "done"
    WARNING = "warning"
    ERROR = "error"


KEEP_SECONDS = {Tone.INFO: 8, Tone.DONE: 12, Tone.WARNING: 20, Tone.ERROR: 60}
"""How long a message stays; one of work under way stays until the next."""


class StatusLine(Widget):
    """One line for what just happened; it clears itself after a while."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"status-line--{tone.value}" for tone in Tone
    }

    def __init__(self, symbols: Symbols) -> None:
        super().__init__()
        self._symbols = symbols
        self._text = ""
        self._tone = Tone.INFO
        self._timer: Timer | None = None

    @property
    def text(self) -> str:
        """What is shown now."""
        return self._text

    def say(self, text: str, tone: Tone = Tone.INFO) -> None:
        """Show a message; its names are untrusted."""
        self._text, self._tone = printable(text), tone
        if self._timer is not None:
            self._timer.stop()
        if tone in KEEP_SECONDS:
            self._timer = self.set_timer(KEEP_SECONDS[tone], self.clear)
        self.refresh()

    def clear(self) -> None:
        """Show nothing."""
        self._text = ""
        self.refresh()

    @override
    def render_line(self, y: int) -> Strip:
        if not self._text:
            return Strip.blank(self.size.width, self.rich_style)
        style = self.get_component_rich_style(f"status-line--{self._tone.value}")
        width = self.size.width
        text = fit_name(f" {self._sign()}{self._text}", width, self._symbols.ellipsis)
        return Strip([Segment(text, style)], width)

    def _sign(self) -> str:
        symbols = self._symbols
        signs = {
            Tone.BUSY: symbols.waiting,
            Tone.DONE: symbols.done,
            Tone.WARNING: symbols.warning,
            Tone.ERROR: symbols.failed,
        }
        sign = signs.get(self._tone)
        return f"{sign} " if sign else ""
