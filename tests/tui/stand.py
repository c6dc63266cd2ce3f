"""A stage for one widget or dialog: what it shows, says and answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widget import Widget
from typing_extensions import override

from hypha_tui.app import HyphaApp
from hypha_tui.themes import UNICODE, Symbols

T = TypeVar("T")
M = TypeVar("M", bound=Message)

UNANSWERED = object()
HOSTILE = "[red]x[/red] [@click=app.quit]y[/] \x1b[31mz\u202e.txt"
"""Markup, a link, a terminal escape and a direction override in one name."""


class Stand(App[None]):
    """Shows one widget, or one dialog, and remembers all messages."""

    HORIZONTAL_BREAKPOINTS = HyphaApp.HORIZONTAL_BREAKPOINTS
    VERTICAL_BREAKPOINTS = HyphaApp.VERTICAL_BREAKPOINTS

    def __init__(self, widget: Widget | None, symbols: Symbols) -> None:
        super().__init__()
        self.symbols = symbols
        self._widget = widget
        self.messages: list[Message] = []

    @override
    def compose(self) -> ComposeResult:
        if self._widget:
            yield self._widget

    def heard(self, kind: type[M]) -> list[M]:
        """Return the messages of a kind; each is seen by every widget it rises to."""
        found = (message for message in self.messages if isinstance(message, kind))
        return list({id(message): message for message in found}.values())

    @property
    def lines(self) -> list[str]:
        """What is on the screen, line by line."""
        return [strip.text for strip in self.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


class Held(Generic[T]):
    """A dialog under test."""

    def __init__(self, app: Stand, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot
        self.answer: T | object | None = UNANSWERED

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def click(self, text: str) -> None:
        """Click on the last place where a text stands."""
        for y, line in reversed(list(enumerate(self.app.lines))):
            if text in line:
                await self.pilot.click(offset=(line.rindex(text), y))
                return
        raise AssertionError(f"{text!r} is not on the screen:\n{self.app.text}")

    def has(self, text: str) -> bool:
        """Tell whether a text is shown, however it is broken into lines."""
        cells = (line.strip(" |│▊▎┃") for line in self.app.lines)
        return text in " ".join(" ".join(cells).split())


@asynccontextmanager
async def show(
    widget: Widget, size: tuple[int, int] = (120, 40), symbols: Symbols = UNICODE
) -> AsyncIterator[Held[None]]:
    app = Stand(widget, symbols)
    async with app.run_test(size=size, message_hook=app.messages.append) as pilot:
        widget.focus()
        await pilot.pause()
        yield Held(app, pilot)


@asynccontextmanager
async def hold(
    dialog: ModalScreen[T],
    size: tuple[int, int] = (120, 40),
    symbols: Symbols = UNICODE,
) -> AsyncIterator[Held[T]]:
    app = Stand(None, symbols)
    async with app.run_test(size=size, message_hook=app.messages.append) as pilot:
        held: Held[T] = Held(app, pilot)

        def answered(answer: T | None) -> None:
            held.answer = answer

        await app.push_screen(dialog, answered)
        await pilot.pause()
        yield held
