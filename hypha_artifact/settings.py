"""Where to connect: arguments first, then the environment, then a ``.env`` file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values, find_dotenv
from msgspec import Struct
from typing_extensions import override

from hypha_artifact.errors import NotConfigured


class ConnectionSettings(Struct, frozen=True, kw_only=True):
    """A server, and who is asking.

    Args:
        server_url: Base URL without a trailing slash.
        workspace: Workspace for names that have none.
        token: Bearer token; None reads public artifacts only.
        verify: Whether TLS certificates are checked, for calls and for bytes.
        use_proxy: Whether links go through the server's S3 proxy; None leaves it to
            the server.
        use_local_url: Whether links use the server's local address, or another base.
    """

    server_url: str
    workspace: str | None = None
    token: str | None = None
    verify: bool = True
    use_proxy: bool | None = None
    use_local_url: bool | str | None = None

    @override
    def __repr__(self) -> str:
        known = "set" if self.token else "none"
        return f"ConnectionSettings({self.server_url}, {self.workspace}, token {known})"

    @classmethod
    def load(
        cls,
        *,
        server_url: str | None = None,
        workspace: str | None = None,
        token: str | None = None,
        environ: Mapping[str, str] | None = None,
        env_file: Path | None = None,
    ) -> ConnectionSettings:
        """Put settings together from arguments, environment and ``.env``.

        Args:
            server_url: Overrides ``HYPHA_SERVER_URL``.
            workspace: Overrides ``HYPHA_WORKSPACE``.
            token: Overrides ``HYPHA_TOKEN``.
            environ: The environment; the process's own by default.
            env_file: The ``.env`` file; by default the nearest one from the working
                directory upwards.

        Raises:
            NotConfigured: No server is named, or its URL is not one.
        """
        found = {**_from_file(env_file), **(os.environ if environ is None else environ)}
        url = (server_url or found.get("HYPHA_SERVER_URL") or "").strip().rstrip("/")
        if not url:
            raise NotConfigured("No Hypha server is named.")
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).netloc:
            raise NotConfigured(
                f"'{url}' is not a server's URL.",
                hint="Write it like https://hypha.aicell.io.",
            )
        return cls(
            server_url=url,
            workspace=workspace or found.get("HYPHA_WORKSPACE") or None,
            token=token or found.get("HYPHA_TOKEN") or None,
        )


def _from_file(env_file: Path | None) -> dict[str, str]:
    path = str(env_file) if env_file else find_dotenv(usecwd=True)
    if not path:
        return {}
    values = dotenv_values(path, interpolate=False)
    return {key: value for key, value in values.items() if value is not None}
