"""``HyphaArtifact``: the blocking face of ``AsyncHyphaArtifact``."""

from __future__ import annotations

from hypha_artifact.sync.browsing import Browsing
from hypha_artifact.sync.changing import Changing
from hypha_artifact.sync.moving import Moving
from hypha_artifact.sync.reading import Reading
from hypha_artifact.sync.records import Records


class HyphaArtifact(Browsing, Reading, Moving, Changing, Records):
    """One artifact, from ordinary code; a context manager.

    Its methods are those of ``AsyncHyphaArtifact``, without ``await``.

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

    Raises:
        InvalidInput: That is no artifact's name.
        NotConfigured: No server is named.
    """
