"""The one frame of all dialogs: a title in the border, the keys on the last line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual._context import active_app
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static, TextArea
from typing_extensions import override

from hypha_artifact.paths import printable
from hypha_tui.themes import ASCII, UNICODE, Symbols
from hypha_tui.widgets.keys_line import KeyHint, KeysLine
from hypha_tui.widgets.scrollbar import use_whole_cells

ResultT = TypeVar("ResultT")


class Dialog(ModalScreen[ResultT], Generic[ResultT]):
    """A frame around ``body``, as high as what is in it and never higher than fits.

    Args:
        title: What is asked or told; untrusted text.
        keys: What the last line offers.
        symbols: The set to draw with; the application's by default.
    """

    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        background: $background 60%;
        & > #dialog {
            width: 90%; max-width: 72; height: auto; max-height: 96%;
            padding: 1 2 0 2;
            border: round $border; background: $surface;
            border-title-color: $foreground; border-title-style: bold;
            scrollbar-size-vertical: 1;
            scrollbar-background: $surface;
            scrollbar-color: $border-blurred;
        }
        & > #dialog > #foot {
            dock: bottom; height: auto; padding-top: 1; background: $surface;
        }
        &.-ascii > #dialog { border: ascii $border; }
        &.-ascii Card { border-left: ascii $border-blurred; }
        &.-ascii Card:focus { border-left: ascii $accent; }
        Static { height: auto; }
        Input, TextArea { background: $panel; padding: 0 1; }
        Input, Input:focus { height: 1; border: none; }
        TextArea, TextArea:focus { border: none; scrollbar-size-vertical: 1; }
        Input:ansi, TextArea:ansi { border-left: ascii $border-blurred; }
        Input:ansi:focus, TextArea:ansi:focus { border-left: ascii $accent; }
        .label { color: $text-muted; }
        .error { color: $error; }
        .warning { color: $text-warning; }
        .gap { margin-top: 1; }
    }
    """
    BINDINGS: ClassVar = [("escape", "leave", "Cancel")]

    def __init__(
        self,
        title: str,
        *,
        keys: Sequence[KeyHint] = (),
        symbols: Symbols | None = None,
    ) -> None:
        super().__init__()
        self._symbols_given = symbols
        self.list: Widget | None = None
        self.frame = VerticalScroll(id="dialog", can_focus=False)
        self.frame.border_title = Content(printable(title))
        self.foot_note = Static(id="note", classes="warning", markup=False)
        self.foot_note.display = False
        self.keys_line = KeysLine(keys)

    @property
    def symbols(self) -> Symbols:
        """The characters to draw with."""
        own = vars(active_app.get()).get("symbols")
        found = self._symbols_given or own
        return found if isinstance(found, Symbols) else UNICODE

    @override
    def compose(self) -> ComposeResult:
        with self.frame:
            yield from self.body()
            with Vertical(id="foot"):
                yield self.foot_note
                yield self.keys_line

    def body(self) -> ComposeResult:
        """Make what stands in the frame."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Use plain characters where the terminal has no others."""
        self.set_class(self.symbols == ASCII, "-ascii")
        for widget in (self.frame, *self.query(TextArea)):
            use_whole_cells(widget)

    def on_resize(self, event: events.Resize) -> None:
        """Let the list be as high as the screen has room for."""
        if self.list is not None:
            # In cells: an automatic height knows no other limits of what is in it.
            self.list.styles.max_height = max(3, self.room(event.size.height))

    def room(self, height: int) -> int:
        """Return the rows that ``list`` may have on a screen of some height."""
        return height - 10

    def on_click(self, event: events.Click) -> None:
        """Leave the dialog alone when something beside it is clicked."""
        event.stop()

    def note(self, text: str) -> None:
        """Say something above the keys, for as long as it holds."""
        self.foot_note.display = bool(text)
        self.foot_note.update(Content(printable(text)))

    def action_leave(self) -> None:
        """Close without an answer."""
        self.dismiss(None)
