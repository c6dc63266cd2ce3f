"""Words that a shell may complete: artifacts, and paths in one.

A shell waits for the answer, so it is given in two seconds or not at all;
``HYPHA_COMPLETION_SECONDS`` is for slow lines.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from hypha_artifact.cli.choices import NAMES, Choices
from hypha_artifact.cli.session import Session

if TYPE_CHECKING:
    from hypha_artifact.artifact import AsyncHyphaArtifact

PATIENCE = 2.0
"""Seconds, unless the environment says otherwise."""


def artifacts(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete an artifact's name in the workspace."""
    _ = param
    session = _session(ctx)

    async def look() -> list[str]:
        async with session.workspace() as workspace:
            found = await workspace.list_artifacts()
        return [str(artifact.artifact_id) for artifact in found]

    return _items(_answer(look), incomplete)


def remote_paths(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete a path in the artifact, or an artifact's name before the colon."""
    session = _session(ctx)
    name, colon, path = incomplete.partition(":")
    if session.choices.artifact_id:
        name, colon, path = "", "", incomplete
    elif not colon:
        return [
            CompletionItem(f"{item.value}:")
            for item in artifacts(ctx, param, incomplete)
        ]
    version: str | None = ctx.params.get("version")

    async def look() -> list[str]:
        async with session.artifact(name or None) as artifact:
            folder = path.rpartition("/")[0]
            found = await _below(artifact, folder, path, version)
            if len(found) == 1 and found[0].endswith("/"):
                found = await _below(artifact, found[0], found[0], version)
        return [f"{name}{colon}{each}" for each in found]

    return _items(_answer(look), incomplete)


async def _below(
    artifact: AsyncHyphaArtifact, folder: str, start: str, version: str | None
) -> list[str]:
    from hypha_artifact.paths import RemotePath

    entries = await artifact.remote.list_folder(RemotePath(folder), version=version)
    before = f"{folder.rstrip('/')}/" if folder else ""
    found = [before + entry.name + "/" * entry.is_folder for entry in entries]
    return [path for path in found if path.startswith(start) and path.isprintable()]


def _session(ctx: click.Context) -> Session:
    outer = _session(ctx.parent).choices if ctx.parent else Choices()
    given = {n: v for n, v in ctx.params.items() if n in NAMES}
    return Session(outer.updated(given))


def _answer(look: Callable[[], Awaitable[list[str]]]) -> list[str]:
    """Ask the server; a shell has no place for errors."""
    import anyio

    from hypha_artifact.errors import HyphaError

    async def ask() -> list[str]:
        with anyio.move_on_after(_patience()):
            return await look()
        return []

    try:
        return anyio.run(ask)
    except (HyphaError, OSError, click.UsageError):
        return []


def _patience() -> float:
    try:
        return float(os.environ.get("HYPHA_COMPLETION_SECONDS", PATIENCE))
    except ValueError:
        return PATIENCE


def _items(found: list[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(each) for each in found if each.startswith(incomplete)]
