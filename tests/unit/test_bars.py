"""What ``transfers watch`` draws on a terminal."""

from __future__ import annotations

import pytest
from rich.console import Console, Group

from hypha_artifact.cli.bars import drawn, one_bar
from hypha_artifact.paths import ArtifactId
from hypha_artifact.transfer.state import Direction, GroupView, JobState

MIB = 1 << 20


def batch(title: str, *, eta: float | None = 90, error: str | None = None) -> GroupView:
    return GroupView(
        id=3,
        title=title,
        direction=Direction.UPLOAD,
        artifact=ArtifactId("lab", "atlas"),
        size=4 * MIB,
        done=MIB,
        counts={JobState.DONE: 0, JobState.RUNNING: 1},
        rate=2.5 * MIB,
        eta=eta,
        error=error,
    )


def lines(*groups: GroupView, width: int = 60) -> list[str]:
    console = Console(width=width, no_color=True, force_terminal=False)
    with console.capture() as captured:
        console.print(Group(*drawn(groups)))
    return [line.rstrip() for line in captured.get().splitlines()]


def test_a_batch_is_drawn_with_all_that_is_known_of_it() -> None:
    title, bar, counts = lines(batch("plate7 → lab/atlas"))
    assert title.startswith("3  plate7 → lab/atlas  ")
    assert title.endswith("2.5 MiB/s  0:01:30 left  24%")
    assert len(title) == len(bar) == 60
    assert bar.endswith("1.0 MiB of 4.0 MiB")
    assert counts == "1 running"


def test_what_is_not_known_is_not_drawn() -> None:
    title, _, _, error = lines(batch("plate7", eta=None, error="No token."))
    assert title.endswith("2.5 MiB/s  24%")
    assert error == "No token."


def test_a_long_title_is_cut_and_steers_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    title, *_ = lines(batch("[red]\x1b[2J" + "x" * 90), width=50)
    assert title.startswith(r"3  [red]\x1b[2J")
    assert "…" in title
    assert len(title) == 50


def test_a_bar_says_binary_units_only() -> None:
    with one_bar() as progress:
        task = progress.add_task("", total=8 * MIB, file="a.tif")
        progress.update(task, completed=MIB)
        with progress.console.capture() as captured:
            progress.console.print(progress.get_renderable())
    assert "1.0/8.0 MiB" in captured.get()
    assert "MB" not in captured.get()
