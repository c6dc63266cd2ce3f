"""Hypha artifacts from Python: browse, move, stage and commit files.

The public names are loaded when they are first used, so that importing the package
costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hypha_artifact.artifact import AsyncHyphaArtifact
    from hypha_artifact.sync import HyphaArtifact, HyphaWorkspace
    from hypha_artifact.workspace import AsyncHyphaWorkspace

__all__ = [
    "AsyncHyphaArtifact",
    "AsyncHyphaWorkspace",
    "HyphaArtifact",
    "HyphaWorkspace",
]

_HOMES = {
    "AsyncHyphaArtifact": "hypha_artifact.artifact",
    "AsyncHyphaWorkspace": "hypha_artifact.workspace",
    "HyphaArtifact": "hypha_artifact.sync",
    "HyphaWorkspace": "hypha_artifact.sync",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)
