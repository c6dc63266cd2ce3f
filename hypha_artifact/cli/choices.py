"""The options of every command, before or after its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Complete: TypeAlias = Callable[
    [click.Context, click.Parameter, str], "list[CompletionItem]"
]


@dataclass(frozen=True)
class Choices:
    """What was chosen on the command line; None is taken from the environment."""

    artifact_id: str | None = None
    workspace: str | None = None
    server_url: str | None = None
    token: str | None = None
    token_file: Path | None = None
    use_proxy: bool | None = None
    use_local_url: bool | None = None
    local_url: str | None = None
    disable_ssl: bool | None = None
    profile: str | None = None
    as_json: bool = False
    verbose: bool = False
    quiet: bool = False

    def updated(self, given: Mapping[str, object]) -> Choices:
        """Return these choices with what was given over them.

        Args:
            given: Values by name; None and False stand for what was not given, save
                for the switches that have a ``--no-`` form.
        """
        switches = {"use_proxy", "use_local_url", "disable_ssl"}
        chosen = {
            name: value
            for name, value in given.items()
            if value or (name in switches and value is not None)
        }
        return replace(self, **chosen)  # type: ignore[arg-type] # click made them


NAMES = frozenset(field.name for field in fields(Choices))


def choice_options(*, brief: bool, complete: Complete) -> list[click.Parameter]:
    """Make the options.

    Args:
        brief: For a single command: those of the connection work but are not shown.
        complete: Completes an artifact's name, when a shell asks for it.
    """

    def switch(name: str, text: str) -> click.Option:
        both = f"--{name}/--no-{name}"
        return click.Option([both], default=None, help=text, hidden=brief)

    def value(name: str, text: str, metavar: str) -> click.Option:
        return click.Option([f"--{name}"], help=text, metavar=metavar, hidden=brief)

    return [
        click.Option(
            ["-a", "--artifact-id"],
            metavar="ARTIFACT",
            help="The artifact: workspace/alias, or an alias in your workspace.",
            shell_complete=complete,
        ),
        value("workspace", "Overrides HYPHA_WORKSPACE.", "NAME"),
        value("server-url", "Overrides HYPHA_SERVER_URL.", "URL"),
        value("token", "Overrides HYPHA_TOKEN. Others see it in ps.", "TOKEN"),
        click.Option(
            ["--token-file"],
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            metavar="FILE",
            hidden=brief,
            help="Read the token from the first line of FILE.",
        ),
        switch("use-proxy", "Send bytes through the server's S3 proxy, or never."),
        switch("use-local-url", "Use the server's local address for bytes."),
        value("local-url", "Use URL as the local address for bytes.", "URL"),
        switch("disable-ssl", "Do not check TLS certificates."),
        value("profile", "Overrides HYPHA_PROFILE.", "NAME"),
        click.Option(["--json", "as_json"], is_flag=True, help="Answer in JSON."),
        click.Option(
            ["-v", "--verbose"], is_flag=True, hidden=brief, help="Tell more."
        ),
        click.Option(
            ["-q", "--quiet"], is_flag=True, hidden=brief, help="Tell errors only."
        ),
    ]
