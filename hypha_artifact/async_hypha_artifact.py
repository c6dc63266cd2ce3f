"""An older import path of ``AsyncHyphaArtifact``."""

from hypha_artifact.artifact import AsyncHyphaArtifact

__all__ = ["AsyncHyphaArtifact"]
