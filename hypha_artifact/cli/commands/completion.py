"""``completion``: what a shell needs to complete commands, options and paths."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING

import click

from hypha_artifact.cli.command import command

if TYPE_CHECKING:
    from hypha_artifact.cli.session import Session

_SHELLS = ["bash", "zsh", "fish"]


@command(
    examples="""
hypha-artifact completion bash >> ~/.bashrc
hypha-artifact completion zsh >> ~/.zshrc
hypha-artifact completion fish > ~/.config/fish/completions/hypha-artifact.fish
""",
    answer='{"shell", "script"}',
)
@click.argument("shell", type=click.Choice(_SHELLS), required=False)
def completion(session: Session, *, shell: str | None) -> None:
    """Print a script that makes a shell complete commands, options and paths.

    Paths in an artifact are completed after -a or a colon, names of artifacts before
    it. On a slow line, give it more than two seconds: HYPHA_COMPLETION_SECONDS.
    """
    from click.shell_completion import get_completion_class

    from hypha_artifact.cli.bash import register

    register()
    name = shell or PurePath(os.environ.get("SHELL", "")).name
    found = get_completion_class(name) if name in _SHELLS else None
    if found is None:
        raise click.UsageError(f"For which shell: {', '.join(_SHELLS)}?")
    root = click.get_current_context().find_root()
    made = found(root.command, {}, "hypha-artifact", "_HYPHA_ARTIFACT_COMPLETE")
    script = made.source()
    session.answer({"shell": name, "script": script}, [script])
