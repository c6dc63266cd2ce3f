"""An older import path of ``HyphaArtifact``."""

from hypha_artifact.sync import HyphaArtifact

__all__ = ["HyphaArtifact"]
