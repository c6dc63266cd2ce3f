"""``cat``, ``head``: what is in files."""

from __future__ import annotations

import base64
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import click

from hypha_artifact.cli import options
from hypha_artifact.cli.command import command
from hypha_artifact.cli.output import stdout_writer
from hypha_artifact.cli.targets import matching, targets

if TYPE_CHECKING:
    from hypha_artifact.artifact import AsyncHyphaArtifact
    from hypha_artifact.cli.session import Session
    from hypha_artifact.paths import RemotePath

_CONTENT = '[{"path", "text": the content, or "base64": if it is not UTF-8}]'


@command(
    examples="""
hypha-artifact cat my-lab/atlas:README.md
hypha-artifact -a my-lab/atlas cat table.csv 'more/*.csv' > all.csv
hypha-artifact -a my-lab/atlas cat --stage table.csv | head -3
""",
    answer=_CONTENT,
    named=["path"],
)
@options.paths()
@options.version()
@click.option("-r", "--recursive/--no-recursive", help="All files of folders, too.")
@options.on_error()
async def cat(
    session: Session,
    *,
    paths: tuple[str, ...],
    version: str | None,
    recursive: bool,
    on_error: str,
) -> None:
    """Print files to stdout, byte for byte.

    On a terminal, characters that would steer it are shown as codes.
    """
    name, written = targets(session, paths)
    async with session.artifact(name) as artifact:
        printer = _Printer(session, artifact, version)
        for path in await matching(artifact, written, version):
            async for file in _files(artifact, path, version, recursive=recursive):
                await printer.print(file, ignore=on_error == "ignore")
        printer.end()


@command(
    examples="""
hypha-artifact head my-lab/atlas:README.md
hypha-artifact -a my-lab/atlas head -c 16 'raw/*.tif' | xxd
""",
    answer=_CONTENT,
    named=["path"],
)
@options.paths()
@options.version()
@click.option(
    "-c",
    "--size",
    "--bytes",
    type=click.IntRange(min=0),
    default=1024,
    show_default=True,
    metavar="N",
    help="So many bytes of each file.",
)
async def head(
    session: Session, *, paths: tuple[str, ...], version: str | None, size: int
) -> None:
    """Print the first bytes of files to stdout."""
    from hypha_artifact.paths import RemotePath

    name, written = targets(session, paths)
    async with session.artifact(name) as artifact:
        printer = _Printer(session, artifact, version, stop=size)
        for path in await matching(artifact, written, version):
            await printer.print(RemotePath(path), ignore=False)
        printer.end()


async def _files(
    artifact: AsyncHyphaArtifact, path: str, version: str | None, *, recursive: bool
) -> AsyncIterator[RemotePath]:
    from hypha_artifact.paths import RemotePath

    name = RemotePath(path)
    if recursive and (await artifact.remote.stat(name, version=version)).is_folder:
        walk = artifact.remote.walk(name, version=version)
        for found in sorted([found async for found, _ in walk]):
            yield found
    else:
        yield name


class _Printer:
    """Sends files to stdout, or collects them for JSON."""

    def __init__(
        self,
        session: Session,
        artifact: AsyncHyphaArtifact,
        version: str | None,
        *,
        stop: int | None = None,
    ) -> None:
        self._session = session
        self._artifact = artifact
        self._version = version
        self._stop = stop
        self._collected: list[dict[str, str]] = []

    async def print(self, path: RemotePath, *, ignore: bool) -> None:
        from hypha_artifact.errors import HyphaError

        try:
            if self._session.choices.as_json:
                await self._collect(path)
            else:
                await self._copy(path)
        except HyphaError as error:
            if not ignore:
                raise
            self._session.say(f"Left out: {error.explain()}")

    async def _collect(self, path: RemotePath) -> None:
        data = b"".join([chunk async for chunk in self._chunks(path)])
        try:
            content = {"text": data.decode()}
        except UnicodeDecodeError:
            content = {"base64": base64.b64encode(data).decode()}
        self._collected.append({"path": path, **content})

    async def _copy(self, path: RemotePath) -> None:
        write = stdout_writer()
        async for chunk in self._chunks(path):
            write(chunk)
        sys.stdout.flush()

    def _chunks(self, path: RemotePath) -> AsyncIterator[bytes]:
        from hypha_artifact.streaming import RemoteBytes

        remote = self._artifact.remote
        return RemoteBytes(remote, path, version=self._version).chunks(0, self._stop)

    def end(self) -> None:
        if self._session.choices.as_json:
            self._session.answer(self._collected, ())
