"""The blocking faces: each method is its asynchronous twin's, one line over one loop.

They work in scripts, in any thread, and where a loop is running already (Jupyter).
Callbacks are called in the thread that waits. Ctrl-C cancels, and waits until nothing
half done is left behind.
"""

from hypha_artifact.sync.artifact import HyphaArtifact
from hypha_artifact.sync.workspace import HyphaWorkspace

__all__ = ["HyphaArtifact", "HyphaWorkspace"]
