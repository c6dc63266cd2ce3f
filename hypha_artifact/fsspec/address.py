"""Pure: where a path of the file system points to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from typing_extensions import override

from hypha_artifact.errors import InvalidInput
from hypha_artifact.paths import ROOT, ArtifactId, RemotePath, printable

PROTOCOL = "hypha"


@dataclass(frozen=True, slots=True)
class Address:
    """``workspace/alias/path``; empty from where it ends on.

    The root holds workspaces, a workspace artifacts, an artifact folders and files.
    """

    workspace: str = ""
    alias: str = ""
    path: RemotePath = ROOT

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a path, with or without ``hypha://``.

        Raises:
            UnsafePath: The path within the artifact is not safe.
        """
        bare = text.removeprefix(f"{PROTOCOL}://").lstrip("/")
        workspace, _, rest = bare.partition("/")
        alias, _, path = rest.lstrip("/").partition("/")
        return cls(workspace, alias, RemotePath(path))

    @override
    def __str__(self) -> str:
        return "/".join(
            part for part in (self.workspace, self.alias, self.path) if part
        )

    def __truediv__(self, name: str) -> str:
        """Write the path of a name in it, as it is."""
        return f"{self}/{name}" if self.workspace else name

    @property
    def artifact(self) -> ArtifactId:
        """The artifact that it is, or is in.

        Raises:
            InvalidInput: It is a workspace, or the root.
        """
        if not self.alias:
            raise InvalidInput(
                f"'{printable(str(self))}' names no artifact.",
                hint=f"Write {PROTOCOL}://workspace/artifact/path.",
            )
        return ArtifactId.parse(f"{self.workspace}/{self.alias}")

    @property
    def file(self) -> RemotePath:
        """Its path in the artifact, which must not be the artifact itself.

        Raises:
            InvalidInput: It has none.
        """
        if not self.path:
            raise InvalidInput(
                f"'{printable(str(self))}' names no file of an artifact.",
                hint=f"Write {PROTOCOL}://workspace/artifact/path.",
            )
        return self.path
