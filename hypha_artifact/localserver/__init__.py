"""A real Hypha server with S3 storage on this machine, for trying out and for tests."""

from __future__ import annotations

from hypha_artifact.localserver.server import (
    DEFAULT_WORKSPACE,
    LocalServer,
    StoreAccess,
    local_server,
)

__all__ = ["DEFAULT_WORKSPACE", "LocalServer", "StoreAccess", "local_server"]
