"""Bars on a terminal, on stderr: how far transfers are."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich import progress
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text
from typing_extensions import override

from hypha_artifact.cli.engine import counts_text
from hypha_artifact.cli.output import left_text, rate_text, shown, size_text

if TYPE_CHECKING:
    from hypha_artifact.transfer.state import GroupView


class _Rate(progress.ProgressColumn):
    @override
    def render(self, task: progress.Task) -> Text:
        return Text(rate_text(task.finished_speed or task.speed))


class _Left(progress.ProgressColumn):
    @override
    def render(self, task: progress.Task) -> Text:
        return Text(left_text(task.time_remaining))


def one_bar() -> progress.Progress:
    """Make a bar over a whole line, with a field ``file`` before it."""
    return progress.Progress(
        progress.TextColumn(
            "{task.fields[file]}", markup=False, table_column=Column(ratio=1)
        ),
        progress.BarColumn(bar_width=None, table_column=Column(ratio=1)),
        progress.DownloadColumn(binary_units=True),
        _Rate(),
        _Left(),
        console=Console(stderr=True),
        transient=True,
        expand=True,
    )


@contextmanager
def batches_drawn(*, visible: bool) -> Generator[Callable[[Iterable[GroupView]], None]]:
    """Show batches while inside; what is given draws them anew.

    Args:
        visible: Whether anything is shown at all.
    """
    if not visible:
        yield lambda _: None
        return
    with Live(console=Console(stderr=True), transient=True) as live:
        yield lambda groups: live.update(Group(*drawn(groups)))


def drawn(groups: Iterable[GroupView]) -> Iterator[RenderableType]:
    """Draw batches, each on some lines."""
    for group in groups:
        yield _row(Text(f"{group.id}  {shown(group.title)}"), _how_fast(group))
        if not group.is_final:
            far = f"{size_text(group.done)} of {size_text(group.size)}"
            yield _row(ProgressBar(total=1.0, completed=group.fraction), far)
        yield Text(counts_text(group), style="dim", no_wrap=True, overflow="ellipsis")
        if group.error:
            yield Text(shown(group.error), style="yellow")


def _how_fast(group: GroupView) -> str:
    far = f"{int(100 * group.fraction)}%"
    texts = (rate_text(group.rate), left_text(group.eta), far)
    return "  ".join(text for text in texts if text)


def _row(left: RenderableType, right: str) -> Table:
    row = Table.grid(padding=(0, 2), expand=True)
    row.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    row.add_column(justify="right", no_wrap=True)
    row.add_row(left, right)
    return row
