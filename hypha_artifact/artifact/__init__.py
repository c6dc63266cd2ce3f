"""``AsyncHyphaArtifact``: the verbs over one artifact, each family in its own file."""

from __future__ import annotations

from hypha_artifact.artifact.changing import Changing
from hypha_artifact.artifact.records import Records

__all__ = ["AsyncHyphaArtifact"]


class AsyncHyphaArtifact(Changing, Records):
    """One artifact; an async context manager.

    What is not given is taken from the environment or a ``.env`` file. Paths may
    begin with a slash; it means nothing.

    Args:
        artifact_id: ``alias`` or ``workspace/alias``.
        workspace: The workspace of a bare alias; by default the token's.
        token: Bearer token; without one, public artifacts can be read.
        server_url: Base URL of the server.
        use_proxy: Whether bytes go through the server's S3 proxy; None leaves it to
            the server.
        use_local_url: Whether links use the server's local address, or another base.
        disable_ssl: Do not check TLS certificates, neither for calls nor for bytes.
        additional_headers: Sent along with each request for bytes.
        transport: An open connection to share; it is not closed here.

    Raises:
        InvalidInput: That is no artifact's name.
        NotConfigured: No server is named.
    """
