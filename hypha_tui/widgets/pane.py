"""A file pane: one place, its list, and what is said around it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from anyio import to_thread
from msgspec import Struct
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input
from textual.worker import Worker
from typing_extensions import override

from hypha_artifact.errors import InvalidInput
from hypha_artifact.paths import printable
from hypha_tui.providers.base import FileProvider, Listing, Place
from hypha_tui.state.filtering import visible
from hypha_tui.state.history import History
from hypha_tui.state.rows import UP_ROW, Row
from hypha_tui.state.sorting import Order, sort_rows
from hypha_tui.themes import Symbols
from hypha_tui.widgets.captions import loading, notice, summary
from hypha_tui.widgets.column_titles import ColumnTitles
from hypha_tui.widgets.file_list import FileList
from hypha_tui.widgets.path_bar import PathBar, fit_path

MANY = 2000
"""From so many rows on, sorting is left to a thread."""


class View(Struct, frozen=True, kw_only=True):
    """What a pane shows: always a place together with its own rows."""

    place: Place
    listing: Listing


class Pane(Vertical):
    """Lists a place without ever blocking; local and remote ones alike.

    Until a new listing has come, the old one stays, with its old place: what a key
    does is bound to what can be seen.

    Args:
        symbols: The characters to draw with.
        id: The widget's id.
    """

    class Viewed(Message):
        """Another place or listing is shown."""

        def __init__(self, pane: Pane) -> None:
            super().__init__()
            self.pane = pane

    class FileOpened(Message):
        """A file was opened: Enter, or a double click."""

        def __init__(self, pane: Pane, row: Row) -> None:
            super().__init__()
            self.pane = pane
            self.row = row

    class RetryWanted(Message):
        """Nothing could be opened here, and the user wants another try."""

        def __init__(self, pane: Pane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, symbols: Symbols, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._symbols = symbols
        self.files = FileList(symbols)
        self._titles = ColumnTitles()
        self._filter = Input(placeholder="part of a name, or *.tif", compact=True)
        self._path = PathBar(text="", spans=())
        self.view: View | None = None
        self.order = Order()
        self.show_hidden = True
        self._history: History[Place] = History()
        self._loading: Place | None = None
        self._listing: Worker[None] | None = None
        self._sorting: Worker[None] | None = None
        self._cursors: dict[tuple[str, str], str] = {}
        self._sorted: tuple[Row, ...] = ()
        self._rows: tuple[Row, ...] = ()

    @override
    def compose(self) -> ComposeResult:
        yield self._titles
        yield self.files
        yield self._filter

    def on_mount(self) -> None:
        """Start with no filter line."""
        self._filter.display = False
        self._titles.follow(self.files)

    # Going places.

    @property
    def place(self) -> Place | None:
        """What is shown; None before the first listing."""
        return self.view.place if self.view else None

    @property
    def heading(self) -> Place | None:
        """What will be shown once it is listed, or is shown."""
        return self._loading or self.place

    def go(
        self, place: Place, *, cursor: str | None = None, remember: bool = True
    ) -> None:
        """List a place and show it when the listing is there.

        Args:
            place: Where to go.
            cursor: The name to put the cursor on.
            remember: Whether the step can be taken back.
        """
        self._loading = place
        self._caption()
        work = partial(self._load, place, cursor, remember=remember)
        self._listing = self.run_worker(work, group="list", exclusive=True)

    def reload(
        self, provider: FileProvider | None = None, *, cursor: str | None = None
    ) -> None:
        """List the place again; cursor and marks stay.

        Args:
            provider: A newer view of the same tree, if there is one.
            cursor: The name to put the cursor on instead.
        """
        place = self.heading
        if place is None:
            return
        fresh = Place(provider=provider or place.provider, folder=place.folder)
        current = self.files.current
        name = cursor or (current.name if current else None)
        self.go(fresh, cursor=name, remember=False)

    async def _load(self, place: Place, cursor: str | None, *, remember: bool) -> None:
        listing = await place.provider.list(place.folder)
        self._sorted = await _sort(listing.rows, self.order)
        before = self.place
        if before and remember and before != place:
            self._history = self._history.visit(before)
        self._note_cursor()
        self._loading = None
        self.view = View(place=place, listing=listing)
        moved = before is None or before.folder != place.folder
        if moved or before is None or before.provider.title != place.provider.title:
            self._forget_marks()
        self._arrange(cursor or self._cursors.get(_key(place)))
        self.post_message(self.Viewed(self))

    def _forget_marks(self) -> None:
        self.files.selection = self.files.selection.replace(())
        self.files.cursor = 0
        self.clear_filter()

    def _note_cursor(self) -> None:
        if self.place and self.files.current:
            self._cursors[_key(self.place)] = self.files.current.name

    def go_up(self) -> None:
        """Go to the folder above, the cursor on the one left."""
        if self.place is None:
            return
        provider, folder = self.place.provider, self.place.folder
        above = provider.parent(folder)
        if above is not None:
            name = folder.rpartition("/")[2]
            self.go(Place(provider=provider, folder=above), cursor=name)

    def step_history(self, *, forward: bool) -> None:
        """Go back to where the pane was before, or forward again."""
        if self.place is None:
            return
        step = self._history.forward if forward else self._history.back
        found = step(self.place)
        if found:
            self._history, place = found
            self.go(place, remember=False)

    def open_row(self, row: Row) -> str | None:
        """Open a folder; a file is for others to show, see ``FileOpened``.

        Args:
            row: What to open.

        Returns:
            Why it cannot be opened, None when it can.
        """
        if row.is_up:
            self.go_up()
            return None
        if self.place is None:
            return None
        if not row.is_folder:
            self.post_message(self.FileOpened(self, row))
            return None
        try:
            folder = self.place.provider.child(self.place.folder, row.name)
        except InvalidInput as error:
            return error.explain()
        self.go(Place(provider=self.place.provider, folder=folder))
        return None

    def tell(self, *lines: str) -> None:
        """Show lines in place of a listing, while there is none."""
        self.files.show((), notice=tuple(filter(None, lines)))

    def close(self) -> None:
        """Show no place any more."""
        self._stop_listing()
        self._loading = self.view = None
        self.border_title = self.border_subtitle = None

    def _stop_listing(self) -> None:
        if self._listing is not None:
            self._listing.cancel()

    # What is chosen.

    @property
    def chosen(self) -> tuple[Row, ...]:
        """The marked rows, else the one under the cursor; never the way up."""
        if self.files.marked_rows:
            return self.files.marked_rows
        row = self.files.current
        return (row,) if row and not row.is_up else ()

    def unmark(self, rows: Iterable[Row]) -> None:
        """Take the marks off these rows."""
        marked = self.files.selection.marked - {row.name for row in rows}
        self.files.selection = self.files.selection.replace(marked)

    # Sorting and filtering.

    def sort(self, order: Order) -> None:
        """Show the rows in another order."""
        self.order = order
        self._sorting = self.run_worker(self._sort_again, group="sort", exclusive=True)

    async def _sort_again(self) -> None:
        listing = self.view.listing if self.view else Listing()
        rows = await _sort(listing.rows, self.order)
        if self.view and self.view.listing is listing:
            self._sorted = rows
            self._arrange(self._current_name)

    def toggle_hidden(self) -> None:
        """Show or hide dot files."""
        self.show_hidden = not self.show_hidden
        self._arrange(self._current_name)

    def open_filter(self) -> None:
        """Let the user type a filter."""
        self._filter.display = True
        self._filter.focus()

    def clear_filter(self) -> bool:
        """Show all names again; tell whether there was a filter."""
        had = self._filter.display
        with self._filter.prevent(Input.Changed):
            self._filter.value = ""
        self._filter.display = False
        return had

    @on(Input.Changed)
    def _filter_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._arrange(self._current_name)

    @on(Input.Submitted)
    def _filter_done(self, event: Input.Submitted) -> None:
        event.stop()
        if not event.value:
            self.clear_filter()
        self.files.focus()

    @property
    def _current_name(self) -> str | None:
        return self.files.current.name if self.files.current else None

    def on_key(self, event: events.Key) -> None:
        """Leave the filter line with Esc, or with the arrows."""
        if not self._filter.has_focus:
            return
        if event.key == "escape":
            self.clear_filter()
            self._arrange(self._current_name)
        elif event.key not in {"down", "up"}:
            return
        event.stop()
        event.prevent_default()
        self.files.focus()

    @on(FileList.SteppedBack)
    def _step_back(self) -> None:
        if self._loading is not None and self.view is not None:
            self._stop_listing()
            self._loading = None
            self._caption()
        elif self.clear_filter():
            self._arrange(self._current_name)
        else:
            self.files.selection = self.files.selection.replace(())

    # Showing.

    def _arrange(self, cursor: str | None) -> None:
        if self.view is None:
            return
        place, listing = self.view.place, self.view.listing
        self._rows = visible(
            self._sorted, pattern=self._filter.value, hidden=self.show_hidden
        )
        top = place.provider.parent(place.folder) is not None
        self.files.selection = self.files.selection.keep(r.name for r in listing.rows)
        self.files.show(
            (UP_ROW, *self._rows) if top else self._rows,
            cursor=cursor,
            badges=place.provider.is_remote,
            notice=notice(listing, shown=len(self._rows), pattern=self._filter.value),
        )
        self._titles.show(self.order)
        self._caption()

    def on_resize(self) -> None:
        """Fit the path again."""
        self._caption()
        self.call_after_refresh(self._titles.refresh)

    @on(FileList.MarksChanged)
    def _caption(self) -> None:
        place = self.place or self._loading
        if place is None:
            return
        provider = place.provider
        room = max(10, self.size.width - 6)
        title = provider.title
        if provider.state:
            title = f"{title} {self._symbols.separator} {provider.state}"
        crumbs = provider.crumbs(place.folder)
        self._path = fit_path(title, crumbs, room, self._symbols.ellipsis)
        self.border_title = self._path.content
        self.border_subtitle = Content(self._footer())

    def _footer(self) -> str:
        parts: list[str] = []
        if self._loading is not None:
            current = self.place.folder if self.place else None
            parts.append(loading(self._loading.folder, current))
        if self.view is not None:
            shown, pattern = len(self._rows), self._filter.value
            marked = self.files.marked_rows
            parts += summary(self.view.listing, marked, shown=shown, pattern=pattern)
        return f" {self._symbols.separator} ".join(parts)

    def on_click(self, event: events.Click) -> None:
        """Go to the folder whose name in the path was clicked."""
        if event.y == 0 and event.widget is self and self.place:
            folder = self._path.folder_at(event.x)
            if folder is not None:
                self.go(Place(provider=self.place.provider, folder=folder))

    @on(FileList.Opened)
    def _row_opened(self, event: FileList.Opened) -> None:
        event.stop()
        reason = self.open_row(event.row)
        if reason:
            self.notify(printable(reason), severity="warning", markup=False)

    @on(FileList.Left)
    def _left(self) -> None:
        self.go_up()

    @on(FileList.RetryWanted)
    def _retry(self) -> None:
        if self.view is None:
            self.post_message(self.RetryWanted(self))
        else:
            self.reload()


async def _sort(rows: tuple[Row, ...], order: Order) -> tuple[Row, ...]:
    if len(rows) < MANY:
        return sort_rows(rows, order)
    return await to_thread.run_sync(sort_rows, rows, order)


def _key(place: Place) -> tuple[str, str]:
    return f"{place.provider.is_remote}{place.provider.title}", place.folder
