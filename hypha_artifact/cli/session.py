"""What a command works with: the connection it was told, and where its words go."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import click

from hypha_artifact.cli.choices import Choices
from hypha_artifact.cli.output import json_text

if TYPE_CHECKING:
    from hypha_artifact.artifact import AsyncHyphaArtifact
    from hypha_artifact.settings import ConnectionSettings, Found
    from hypha_artifact.workspace import AsyncHyphaWorkspace


class Session:
    """One run of one command.

    Args:
        choices: The options given before and after the command's name.
    """

    def __init__(self, choices: Choices) -> None:
        self.choices = choices

    # Words.

    def answer(self, data: object, lines: Iterable[str]) -> None:
        """Print the answer: ``data`` under ``--json``, else the lines."""
        if self.choices.as_json:
            click.echo(json_text(data))
        else:
            for line in lines:
                click.echo(line)

    def say(self, text: str) -> None:
        """Tell on stderr what is going on, unless ``--quiet``."""
        if not self.choices.quiet:
            click.echo(text, err=True)

    def note(self, text: str) -> None:
        """Tell on stderr what only ``--verbose`` wants to know."""
        if self.choices.verbose:
            click.echo(text, err=True)

    @property
    def is_asked(self) -> bool:
        """Whether somebody is there to answer a question."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    # The connection.

    def settings(self) -> ConnectionSettings:
        """Put the connection together: options first, then what is configured.

        Raises:
            NotConfigured: No server is named, or there is no such profile.
        """
        return self.found().settings()

    def token(self) -> str | None:
        """Return the token that was given with an option.

        Raises:
            UsageError: The file that was named has none.
        """
        file = self.choices.token_file
        if file is None:
            return self.choices.token
        token = file.read_text(encoding="utf-8").partition("\n")[0].strip()
        if not token:
            raise click.UsageError(f"'{file}' has no token in its first line.")
        return token

    def found(self) -> Found:
        """Find what is set for the connection, and where each value is from.

        Raises:
            NotConfigured: There is no such profile.
        """
        from hypha_artifact.settings import as_given, find_settings

        chosen = self.choices
        return find_settings(
            as_given(
                server_url=chosen.server_url,
                workspace=chosen.workspace,
                token=self.token(),
                profile=chosen.profile,
                use_proxy=chosen.use_proxy,
                use_local_url=chosen.local_url or chosen.use_local_url,
                disable_ssl=chosen.disable_ssl,
            )
        )

    @asynccontextmanager
    async def artifact(
        self, name: str | None = None
    ) -> AsyncGenerator[AsyncHyphaArtifact]:
        """Open the artifact that was chosen, or another.

        Args:
            name: ``workspace/alias`` or an alias; by default ``--artifact-id``.

        Raises:
            UsageError: None was chosen.
        """
        from hypha_artifact._api.transport import Transport
        from hypha_artifact.artifact import AsyncHyphaArtifact
        from hypha_artifact.transfer.place import Place
        from hypha_artifact.transfer.standing import StandingLimits

        name = name or self.choices.artifact_id
        if not name:
            raise click.UsageError("Which artifact? Give it with -a WORKSPACE/ALIAS.")
        async with Transport(self.settings()) as transport:
            artifact = AsyncHyphaArtifact(
                name,
                self.choices.workspace if "/" in name else None,
                transport=transport,
            )
            artifact.limits = StandingLimits(Place().journal)
            yield artifact

    @asynccontextmanager
    async def workspace(self) -> AsyncGenerator[AsyncHyphaWorkspace]:
        """Open the workspace that was chosen, else the token's own."""
        from hypha_artifact._api.transport import Transport
        from hypha_artifact.workspace import AsyncHyphaWorkspace

        async with Transport(self.settings()) as transport:
            yield AsyncHyphaWorkspace(self.choices.workspace, transport=transport)
