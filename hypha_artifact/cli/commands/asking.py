"""``info``, ``exists``, ``isdir``, ``isfile``, ``size``, ``modified``: of each path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from click.exceptions import Exit

from hypha_artifact.cli import options
from hypha_artifact.cli.command import command, renamed
from hypha_artifact.cli.messages import Status
from hypha_artifact.cli.output import columns, shown, size_text
from hypha_artifact.cli.targets import look, targets
from hypha_artifact.cli.values import ENTRY, entry_value

if TYPE_CHECKING:
    from hypha_artifact.cli.session import Session
    from hypha_artifact.models import Entry


@command(
    examples="""
hypha-artifact info my-lab/atlas:table.csv
hypha-artifact -a my-lab/atlas --json info raw table.csv
""",
    answer=f"[{ENTRY}]",
    named=["path"],
)
@options.paths()
@options.version()
async def info(
    session: Session, *, paths: tuple[str, ...], version: str | None
) -> None:
    """Show what is known of files and folders."""
    found, missing = await _found(session, paths, version)
    blocks = ["\n".join(_described(*item)) for item in found.items()]
    session.answer(
        [entry_value(*item) for item in found.items()], "\n\n".join(blocks).splitlines()
    )
    _complain(missing)


def _described(path: str, entry: Entry) -> list[str]:
    size = f"{entry.size} ({size_text(entry.size)})" if entry.size is not None else "-"
    rows = [
        ("name:", shown(entry.name) or "."),
        ("path:", shown(path) or "."),
        ("type:", entry.kind.value),
        ("size:", size),
        ("modified:", _moment(entry)),
    ]
    return columns(rows)


@command(
    examples="""
hypha-artifact size my-lab/atlas:table.csv
hypha-artifact -a my-lab/atlas size 'raw/*.tif'
""",
    answer='[{"path", "size": bytes, 0 for a folder}]',
    named=["path"],
)
@options.paths()
@options.version()
async def size(
    session: Session, *, paths: tuple[str, ...], version: str | None
) -> None:
    """Print sizes of files in bytes; of a folder, see du."""
    found, missing = await _found(session, paths, version)
    rows = [(str(entry.size or 0), shown(path)) for path, entry in found.items()]
    alone = len(found) + len(missing) == 1
    session.answer(
        [{"path": path, "size": entry.size or 0} for path, entry in found.items()],
        [number for number, _ in rows] if alone else columns(rows, right=[0]),
    )
    _complain(missing)


sizes = renamed(size, "sizes")


@command(
    examples="hypha-artifact modified my-lab/atlas:table.csv",
    answer='[{"path", "last_modified": epoch seconds, null for a folder}]',
    named=["path"],
)
@options.paths()
@options.version()
async def modified(
    session: Session, *, paths: tuple[str, ...], version: str | None
) -> None:
    """Print when files were last written, in UTC."""
    found, missing = await _found(session, paths, version)
    rows = [(_moment(entry), shown(path)) for path, entry in found.items()]
    alone = len(found) + len(missing) == 1
    session.answer(
        [{"path": p, "last_modified": e.modified} for p, e in found.items()],
        [moment for moment, _ in rows] if alone else columns(rows),
    )
    _complain(missing)


def _moment(entry: Entry) -> str:
    if entry.modified is None:
        return "-"
    return str(datetime.fromtimestamp(entry.modified, UTC))


_EXAMPLES = """
hypha-artifact {name} my-lab/atlas:table.csv
hypha-artifact -a my-lab/atlas {name} -q raw && echo yes
"""
_ANSWER = '[{{"path", "{name}": true or false}}]'


@command(
    examples=_EXAMPLES.format(name="exists"),
    answer=_ANSWER.format(name="exists"),
    named=["path"],
)
@options.paths()
@options.version()
async def exists(
    session: Session, *, paths: tuple[str, ...], version: str | None
) -> None:
    """Print True for what exists, else False.

    The exit code is 0 either way. With -q nothing is printed, and it is 3 when
    anything is missing.
    """
    await _tell(session, paths, version, "exists", lambda entry: entry is not None)


@command(
    examples=_EXAMPLES.format(name="isdir"),
    answer=_ANSWER.format(name="isdir"),
    named=["path"],
)
@options.paths()
@options.version()
async def isdir(
    session: Session, *, paths: tuple[str, ...], version: str | None
) -> None:
    """Print True for a folder, else False; -q as for exists."""
    await _tell(session, paths, version, "isdir", lambda e: bool(e and e.is_folder))


@command(
    examples=_EXAMPLES.format(name="isfile"),
    answer=_ANSWER.format(name="isfile"),
    named=["path"],
)
@options.paths()
@options.version()
async def isfile(
    session: Session, *, paths: tuple[str, ...], version: str | None
) -> None:
    """Print True for a file, else False; -q as for exists."""
    await _tell(
        session, paths, version, "isfile", lambda e: bool(e and not e.is_folder)
    )


async def _tell(
    session: Session,
    words: Sequence[str],
    version: str | None,
    name: str,
    test: Callable[[Entry | None], bool],
) -> None:
    artifact_name, written = targets(session, words)
    async with session.artifact(artifact_name) as artifact:
        found = await look(artifact, written, version)
    told = {path: test(entry) for path, entry in found.items()}
    if session.choices.quiet:
        raise Exit(Status.DONE if all(told.values()) else Status.NOT_FOUND)
    rows = [(str(yes), shown(path)) for path, yes in told.items()]
    session.answer(
        [{"path": path, name: yes} for path, yes in told.items()],
        [yes for yes, _ in rows] if len(rows) == 1 else columns(rows),
    )


async def _found(
    session: Session, words: Sequence[str], version: str | None
) -> tuple[dict[str, Entry], list[str]]:
    """Return what is there, and the paths where nothing is."""
    name, written = targets(session, words)
    async with session.artifact(name) as artifact:
        found = await look(artifact, written, version)
    there = {path: entry for path, entry in found.items() if entry is not None}
    return there, [path for path in found if path not in there]


def _complain(missing: Sequence[str]) -> None:
    from hypha_artifact.errors import NotFound

    if missing:
        names = ", ".join(f"'{path}'" for path in missing)
        raise NotFound(f"There is no {names} in the artifact.", status=404)
