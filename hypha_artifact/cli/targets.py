"""What the words on a command line stand for: an artifact, and paths in it."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from hypha_artifact.artifact import AsyncHyphaArtifact
    from hypha_artifact.cli.session import Session
    from hypha_artifact.models import Entry

_MAGIC = frozenset("*?[")


class Targets(NamedTuple):
    """An artifact's name (None: as chosen by ``-a``), and paths in it as written."""

    artifact: str | None
    paths: list[str]


def targets(session: Session, words: Sequence[str], default: str = "") -> Targets:
    """Read paths, or ``ARTIFACT:PATH`` when ``-a`` does not say which artifact.

    Args:
        session: The command's run.
        words: As written; a list in JSON counts as its items.
        default: The path that no word at all stands for.

    Raises:
        UsageError: No artifact is named, or more than one.
    """
    written = [item for word in words for item in items(word)]
    if session.choices.artifact_id:
        return Targets(None, written or [default])
    parts = [word.partition(":") for word in written]
    names = list(dict.fromkeys(name for name, _, _ in parts))
    if not names:
        raise click.UsageError("Which artifact? Give it with -a WORKSPACE/ALIAS.")
    if len(names) > 1:
        raise click.UsageError(
            f"One artifact at a time, not {', '.join(names)}. "
            "For paths alone, name the artifact with -a."
        )
    return Targets(names[0], [path or default for _, _, path in parts])


def items(word: str) -> list[str]:
    """Return a word as a list: of its items when it is a list of texts, or alone."""
    if not (word.startswith("[") and word.endswith("]")):
        return [word]
    for read in (json.loads, ast.literal_eval):
        try:
            found: object = read(word)
        except (ValueError, SyntaxError):
            continue
        if isinstance(found, list):
            return [str(item) for item in found]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return [word]


def has_pattern(path: str) -> bool:
    """Tell whether a path may stand for several: ``*``, ``?`` or ``[`` is in it."""
    return not _MAGIC.isdisjoint(path)


async def matching(
    artifact: AsyncHyphaArtifact, written: Sequence[str], version: str | None = None
) -> list[str]:
    """Return the paths that are meant, patterns replaced by what they match.

    A pattern that matches nothing stays as it is: it may be a name.

    Args:
        artifact: Where the paths are.
        written: Paths and patterns (``*.csv``, ``raw/**``).
        version: A name, None for the latest, or ``"stage"``.
    """
    found: list[str] = []
    for path in written:
        globbed = has_pattern(path)
        matches = await artifact.glob(path, version=version) if globbed else []
        found += matches or [path]
    return list(dict.fromkeys(found))


async def look(
    artifact: AsyncHyphaArtifact, written: Sequence[str], version: str | None
) -> dict[str, Entry | None]:
    """Say what is at each path, patterns replaced; each folder is listed once.

    Returns:
        The entries by path as written; None where there is nothing.
    """
    from hypha_artifact.models import Entry, EntryKind
    from hypha_artifact.paths import ROOT, RemotePath

    listed: dict[str, dict[str, Entry]] = {}
    found: dict[str, Entry | None] = {}
    for path in await matching(artifact, written, version):
        name = RemotePath(path)
        if name.parent not in listed:
            entries = await artifact.remote.list_folder(name.parent, version=version)
            listed[name.parent] = {entry.name: entry for entry in entries}
        root = Entry(name="", kind=EntryKind.FOLDER)
        found[path] = root if name == ROOT else listed[name.parent].get(name.name)
    return found


def one_artifact(session: Session, word: str | None) -> str | None:
    """Return the artifact that a command is for; None for the one chosen by ``-a``.

    Raises:
        UsageError: None is named, or two are.
    """
    chosen = session.choices.artifact_id
    if word and chosen and word != chosen:
        raise click.UsageError(f"Which artifact: '{chosen}' or '{word}'?")
    if not word and not chosen:
        raise click.UsageError("Which artifact? Give it with -a WORKSPACE/ALIAS.")
    return word


class Move(NamedTuple):
    """An artifact's name (None: as chosen by ``-a``), sources, and where they go."""

    artifact: str | None
    sources: list[str]
    target: str | None


def split(session: Session, words: Sequence[str], *, last_is_remote: bool) -> Move:
    """Read the words of a transfer: sources, and where to, if there is more than one.

    Without ``-a``, the remote side names the artifact: ``ARTIFACT:PATH``.

    Args:
        session: The command's run.
        words: As written.
        last_is_remote: Whether the target is in the artifact, not the sources.

    Raises:
        UsageError: No artifact is named, or more than one.
    """
    local: list[str] = list(words[:-1])
    last: str | None = words[-1]
    if not local:
        local, last = [words[-1]], None
    if session.choices.artifact_id:
        return Move(None, [item for word in local for item in items(word)], last)
    if not last_is_remote:
        found = targets(session, local)
        return Move(found.artifact, found.paths, last)
    if last is None or ":" not in last:
        raise click.UsageError(
            "Which artifact? Give it with -a, or the last path as WORKSPACE/ALIAS:PATH."
        )
    name, _, path = last.partition(":")
    return Move(name, local, path or "/")


def into(
    sources: list[str], target: str | None, *, several: bool | None = None
) -> tuple[str | list[str], str | list[str] | None]:
    """Pair sources with targets, as the library takes them.

    Args:
        sources: Paths on the side that is read.
        target: Where to: for one source its new name or, with a slash, its folder;
            for several a folder, or a list of as many names.
        several: Whether there are several, where that is not told by their number.
    """
    if len(sources) == 1 and not several:
        return sources[0], target
    if target is None:
        return sources, None
    names = items(target)
    if len(names) > 1 or names != [target]:
        return sources, names
    folder = target.rstrip("/")
    return sources, [f"{folder}/{PurePath(path).name}" for path in sources]
