"""What all parts of the blocking face stand on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from typing_extensions import override

from hypha_artifact.artifact import AsyncHyphaArtifact
from hypha_artifact.portal import close_with, run
from hypha_artifact.sync.twins import twin_of


@twin_of(AsyncHyphaArtifact)
class Base:
    """How it is opened and closed, and what it is."""

    def __init__(
        self,
        artifact_id: str,
        workspace: str | None = None,
        token: str | None = None,
        server_url: str | None = None,
        *,
        use_proxy: bool | None = None,
        use_local_url: bool | str | None = None,
        disable_ssl: bool = False,
        additional_headers: Mapping[str, str] | None = None,
    ) -> None:
        async def make() -> AsyncHyphaArtifact:
            return AsyncHyphaArtifact(
                artifact_id,
                workspace,
                token,
                server_url,
                use_proxy=use_proxy,
                use_local_url=use_local_url,
                disable_ssl=disable_ssl,
                additional_headers=additional_headers,
            )

        self._stand_on(run(make))

    def _stand_on(self, artifact: AsyncHyphaArtifact) -> None:
        self._async_artifact = artifact
        self._end = close_with(self, artifact.aclose)

    @classmethod
    def over(cls, artifact: AsyncHyphaArtifact) -> Self:
        """Stand on an artifact that was opened on the process's loop."""
        self = cls.__new__(cls)
        self._stand_on(artifact)
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._end()

    @override
    def __repr__(self) -> str:
        return f"HyphaArtifact({str(self._async_artifact.id)!r})"

    @property
    def artifact_id(self) -> str:
        """The name that it was opened with."""
        return self._async_artifact.artifact_id

    @property
    def artifact_alias(self) -> str:
        """Its name in the workspace."""
        return self._async_artifact.artifact_alias

    @property
    def workspace(self) -> str:
        """The workspace that it is in."""
        return self._async_artifact.workspace

    @property
    def token(self) -> str | None:
        """The bearer token: a secret."""
        return self._async_artifact.token

    @property
    def artifact_url(self) -> str:
        """The URL of the server's artifact service."""
        return self._async_artifact.artifact_url
