"""What the tests of the file system share."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

from hypha_artifact._api import endpoints
from hypha_artifact._api.transport import Transport
from hypha_artifact.localserver import LocalServer
from hypha_artifact.paths import ArtifactId


def options(server: LocalServer) -> dict[str, Any]:
    """The storage options that lead to the server."""
    found = server.settings
    return {"server_url": found.server_url, "token": found.token}


def make_artifact(server: LocalServer, *, stage: bool = True) -> str:
    """Make an artifact, and return its path in the file system."""
    name = ArtifactId(server.settings.workspace or "", f"fsspec-{uuid4().hex[:12]}")

    async def make() -> None:
        async with Transport(server.settings) as transport:
            manifest = {"name": "fsspec"}
            call = endpoints.create(name, {"manifest": manifest, "stage": stage})
            await transport.call(call)

    asyncio.run(make())
    return str(name)


def workspace_of(server: LocalServer) -> str:
    """The workspace that the tests' artifacts are in."""
    return server.settings.workspace or ""
