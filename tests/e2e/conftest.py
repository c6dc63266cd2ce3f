"""The program in a terminal, and an artifact for it."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from uuid import uuid4

import pytest

from hypha_artifact import AsyncHyphaArtifact
from hypha_artifact.paths import ArtifactId
from hypha_artifact.settings import ConnectionSettings
from tests.e2e.terminal import Terminal


@pytest.fixture
async def artifact(
    settings: ConnectionSettings, tmp_path: Path
) -> AsyncGenerator[AsyncHyphaArtifact]:
    """An artifact with one version of one file."""
    first = tmp_path / "first.txt"
    first.write_text("first")
    async with AsyncHyphaArtifact(
        f"e2e-{uuid4().hex[:8]}",
        settings.workspace,
        settings.token,
        settings.server_url,
    ) as artifact:
        await artifact.create({"name": "end to end"}, stage=True)
        await artifact.put(first, "first.txt")
        await artifact.commit(comment="first")
        yield artifact


def opened(
    settings: ConnectionSettings,
    local: Path,
    artifact: ArtifactId,
    size: tuple[int, int] = (120, 40),
) -> Terminal:
    """Start the program in a terminal of its own."""
    command = [sys.executable, "-m", "hypha_tui", str(local), str(artifact)]
    environ = {
        "HYPHA_SERVER_URL": settings.server_url,
        "HYPHA_WORKSPACE": settings.workspace or "",
        "HYPHA_TOKEN": settings.token or "",
        "HYPHA_USE_LOCAL_URL": str(settings.use_local_url or ""),
        "LANG": "C.UTF-8",
    }
    return Terminal(command, size, environ)
