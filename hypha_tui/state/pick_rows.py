"""The rows of the picker: local files, workspaces, artifacts, versions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from msgspec import Struct
from rich.cells import cell_len

from hypha_artifact.models import Artifact, StageState
from hypha_artifact.paths import printable
from hypha_tui.state.lines import Line
from hypha_tui.state.text import count, fit_name, moment
from hypha_tui.themes import Symbols


class LocalRow(Struct, frozen=True, kw_only=True):
    """Go to the files of this machine."""


class WorkspaceRow(Struct, frozen=True, kw_only=True):
    """A workspace that the token opens."""

    name: str


class ArtifactRow(Struct, frozen=True, kw_only=True):
    """An artifact; ``own`` offers the files of the collection that is listed."""

    artifact: Artifact
    own: bool = False


class VersionRow(Struct, frozen=True, kw_only=True):
    """A view of an artifact: a version's name, None for the latest, or the stage."""

    version: str | None
    title: str
    comment: str = ""
    moment: float | None = None


ROOMY = 64
"""Cells from which on the type of an artifact is shown."""

PickRow: TypeAlias = LocalRow | WorkspaceRow | ArtifactRow | VersionRow


def text_of(row: PickRow) -> str:
    """Return what a typed filter looks at."""
    match row:
        case LocalRow():
            return "local files"
        case WorkspaceRow():
            return row.name
        case ArtifactRow():
            return f"{row.artifact.alias} {row.artifact.name} {row.artifact.type}"
        case VersionRow():
            return f"{row.title} {row.comment}"


def matching(rows: Iterable[PickRow], typed: str) -> tuple[PickRow, ...]:
    """Keep the rows that have all typed words."""
    words = typed.casefold().split()
    return tuple(
        row for row in rows if all(word in text_of(row).casefold() for word in words)
    )


def version_rows(state: StageState) -> tuple[PickRow, ...]:
    """List the views of an artifact: latest, stage when open, older versions."""
    versions, last = state.artifact.versions or [], state.artifact.latest
    rows: list[PickRow] = []
    if last:
        rows.append(
            VersionRow(
                version=None,
                title=f"{last.version} (latest)",
                comment=last.comment or "",
                moment=last.created_at,
            )
        )
    if state.mode is not None:
        staged = f"{count(len(state.changes), 'change')} for {state.target}"
        rows.append(VersionRow(version="stage", title="stage", comment=staged))
    if not rows:
        rows.append(VersionRow(version=None, title="no version yet"))
    rows += [
        VersionRow(
            version=old.version,
            title=old.version,
            comment=old.comment or "",
            moment=old.created_at,
        )
        for old in reversed(versions)
        if old is not last
    ]
    return tuple(rows)


def draw(row: PickRow, width: int, symbols: Symbols) -> Line:
    """Draw one row.

    Args:
        row: What to show.
        width: Cells to fill.
        symbols: The characters to draw with.

    Returns:
        Its texts, which fill the width.
    """
    match row:
        case LocalRow():
            return _columns("Local files", "", "this machine", width, symbols)
        case WorkspaceRow():
            return _columns(row.name, "", "workspace", width, symbols)
        case ArtifactRow():
            return _artifact(row, width, symbols)
        case VersionRow():
            when = moment(row.moment)
            return _columns(row.title, row.comment, when, width, symbols)


def _artifact(row: ArtifactRow, width: int, symbols: Symbols) -> Line:
    artifact = row.artifact
    if row.own:
        title = f"files of {artifact.alias} itself"
        return _columns(title, "", _files(artifact), width, symbols)
    name = artifact.alias + ("/" if artifact.is_collection else "")
    about = artifact.name if artifact.name != artifact.alias else ""
    staged = "STAGED" if artifact.is_staged else ""
    kind = "" if artifact.type == "generic" else printable(artifact.type)[:12]
    right = f"{staged:<6} {_files(artifact):>12}"
    if width >= ROOMY:
        right = f"{kind:<12} {right}"
    return _columns(name, about, right, width, symbols)


def _files(artifact: Artifact) -> str:
    known = artifact.file_count
    return "" if known is None else count(known, "file")


def _columns(name: str, about: str, right: str, width: int, symbols: Symbols) -> Line:
    right = printable(right)
    room = max(8, width - cell_len(right) - 3)
    first = min(room, max(24, room // 2)) if about else room
    rest = room - first - 1
    return (
        (" ", "plain"),
        (fit_name(name, first, symbols.ellipsis), "strong"),
        *(
            ((" " + fit_name(about, rest, symbols.ellipsis), "muted"),)
            if rest > 0
            else ()
        ),
        (f" {right} ", "muted"),
    )
