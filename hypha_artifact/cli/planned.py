"""What a transfer would do to what is there: shown, asked for, and decided."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import click
from click.exceptions import Exit

from hypha_artifact.cli.messages import Status
from hypha_artifact.cli.output import columns, shown, size_text

if TYPE_CHECKING:
    from hypha_artifact.artifact import AsyncHyphaArtifact
    from hypha_artifact.classes import LinkRule
    from hypha_artifact.cli.progress import Tally
    from hypha_artifact.cli.session import Session
    from hypha_artifact.transfer.items import Existing, PlanItem
    from hypha_artifact.transfer.plans import TransferPlan
    from hypha_artifact.transfer.state import Overwrite

F = TypeVar("F", bound=Callable[..., Any])

RULES = ["overwrite", "skip", "newer", "size", "content", "rename", "ask"]
LINKS = ["files", "follow", "skip"]

PLAN = """
With --dry-run:
{"dry_run": true, "direction": up|down, "rule", "files": how many to move,
 "size": bytes to move, "counts": {new|same|different|unknown|conflict: files},
 "items": [{"local", "remote", "size", "modified",
            "standing": new|same|different|unknown|conflict,
            "action": copy|overwrite|skip|rename|ask|cannot,
            "there": {"size", "modified"} or null,
            "renamed": path or null, "reason": text or null}],
 "problems": [{"file", "message", "note": whether the rest goes on}]}
"""


@dataclass(frozen=True)
class Choosing:
    """What a command was told of files that are there already, and of links."""

    rule: str = "overwrite"
    dry_run: bool = False
    links: LinkRule = "files"

    @property
    def compare(self) -> bool:
        """Whether the content of files is to be compared."""
        return self.rule == "content"

    @property
    def is_plain(self) -> bool:
        """Whether nothing was said."""
        return self == Choosing()


def links_option(function: F) -> F:
    """Take ``--links``."""
    return click.option(
        "--links",
        type=click.Choice(LINKS),
        default="files",
        show_default=True,
        help="Symbolic links: follow those to files, follow all, or skip all.",
    )(function)


def choosing(*, links: bool) -> Callable[[F], F]:
    """Take ``--if-exists`` and ``--dry-run``; they come as ``Choosing``.

    Args:
        links: Whether ``--links`` is taken, too.
    """

    def decorate(function: F) -> F:
        @wraps(function)
        def gathered(*args: Any, if_exists: str, dry_run: bool, **given: Any) -> Any:
            told = Choosing(if_exists, dry_run, given.pop("links", "files"))
            return function(*args, choosing=told, **given)

        made: Any = gathered
        if links:
            made = links_option(made)
        made = click.option(
            "--dry-run", is_flag=True, help="Only show what would be done."
        )(made)
        made = click.option(
            "--if-exists",
            type=click.Choice(RULES),
            default="overwrite",
            show_default=True,
            help="What is there already: overwrite it, always or if the source is "
            "newer or of another size or content; skip it; keep both; or ask.",
        )(made)
        return cast("F", made)

    return decorate


def settled(session: Session, plan: TransferPlan, told: Choosing) -> TransferPlan:
    """Decide about what is there, and say what is left out.

    Args:
        session: The command's run.
        plan: What would be moved.
        told: The command's options.

    Raises:
        UsageError: Nobody is there to be asked.
    """
    from hypha_artifact.transfer.rules import ruled
    from hypha_artifact.transfer.state import Overwrite

    for problem in plan.problems:
        if problem.is_note:
            session.say(f"Left out: {shown(problem.source)}: {problem.reason}")
    if told.rule == "overwrite":
        return plan
    _tell_unknown(session, plan)
    rule = Overwrite(told.rule)
    if rule is Overwrite.ASK and plan.collisions:
        check_asked(session, told)
        done = ruled(plan, Asker())
    else:
        done = ruled(plan, lambda _: rule)
    left = len(plan.items) - len(done.items)
    if left:
        files = "1 file that is" if left == 1 else f"{left:,} files that are"
        session.say(f"Skipped {files} there already.")
    return done


async def carry_out(
    session: Session,
    artifact: AsyncHyphaArtifact,
    plan: TransferPlan,
    tally: Tally,
    *,
    told: Choosing,
    on_error: Literal["raise", "ignore"],
    workers: int | None = None,
    scheduler: str | None = None,
) -> None:
    """Decide about what is there, and move the rest.

    Args:
        session: The command's run.
        artifact: The artifact.
        plan: What would be moved, with nothing decided yet.
        tally: Counts what is done.
        told: The command's options.
        on_error: Whether what cannot be moved is left out.
        workers: Requests for bytes at a time.
        scheduler: The Dask cluster whose workers move the bytes.
    """
    from hypha_artifact.transfer.engine import WORKERS

    done = settled(session, plan, told)
    tally.skipped = len(plan.items) - len(done.items)
    with tally.shown():
        await artifact.run_plan(
            done,
            tally,
            on_error,
            workers=workers or WORKERS,
            scheduler=scheduler,
        )


def check_asked(session: Session, told: Choosing) -> None:
    """See that there is somebody to ask, if that was chosen.

    Raises:
        UsageError: There is no terminal.
    """
    if told.rule == "ask" and not told.dry_run and not session.is_asked:
        raise click.UsageError(
            "--if-exists ask needs a terminal to ask on; choose another rule: "
            f"{', '.join(RULES[:-1])}."
        )


def _tell_unknown(session: Session, plan: TransferPlan) -> None:
    from hypha_artifact.transfer.items import Standing
    from hypha_artifact.transfer.plans import counts

    unknown = counts(plan)[Standing.UNKNOWN]
    if unknown:
        files = "1 file" if unknown == 1 else f"{unknown:,} files"
        session.say(
            f"The content of {files} cannot be compared: the store has no checksum "
            "that can be computed here. Taken for different."
        )


class Asker:
    """Asks on the terminal what to do with a file; "all" answers are kept."""

    def __init__(self) -> None:
        self._always: Overwrite | None = None

    def __call__(self, item: PlanItem) -> Overwrite:
        """Return what to do with an item whose target is there.

        Raises:
            Exit: The user wants nothing of it all.
        """
        from hypha_artifact.transfer.state import Overwrite

        if self._always is not None:
            return self._always
        answers = {
            "o": Overwrite.REPLACE,
            "s": Overwrite.SKIP,
            "k": Overwrite.RENAME,
            "n": Overwrite.NEWER,
            "z": Overwrite.SIZE,
        }
        click.echo("\n".join(_question(item)), err=True)
        answer = _answer([*"oskOSKNZ", "q"])
        if answer == "q":
            click.echo("Nothing was transferred.", err=True)
            raise Exit(Status.FAILED)
        chosen = answers[answer.lower()]
        if answer.isupper():
            self._always = chosen
        return chosen


_CHOICES = (
    "[o]verwrite, [s]kip, [k]eep both; for all: [O], [S], [K], "
    "[N] if newer, [Z] if of another size; [q]uit"
)


def _answer(keys: list[str]) -> str:
    """Ask, with Ctrl-C as an answer, too."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return str(
            click.prompt(
                _CHOICES, type=click.Choice(keys), show_choices=False, err=True
            )
        )
    except click.Abort as error:
        click.echo("Interrupted. Nothing was transferred.", err=True)
        raise Exit(Status.INTERRUPTED) from error
    finally:
        signal.signal(signal.SIGINT, before)


def _question(item: PlanItem) -> Iterator[str]:
    from hypha_artifact.cli.output import time_text
    from hypha_artifact.paths import printable

    there = item.existing
    if there is None:
        return
    yield f"{printable(item.remote)} is there already."
    if there.blocked is not None:
        yield f"  It cannot be overwritten: {there.blocked}"
    new = f"{size_text(item.size)}, {time_text(item.modified)}"
    yield f"  new    {new}"
    yield f"  there  {size_text(there.size)}, {time_text(there.modified)}"


# A dry run.


def show(session: Session, plan: TransferPlan, told: Choosing) -> None:
    """Answer with what would be done.

    Args:
        session: The command's run.
        plan: What would be moved, with nothing decided yet.
        told: The command's options.

    Raises:
        Exit: With status 1, where something cannot be moved.
    """
    from hypha_artifact.transfer.state import Direction, Overwrite

    rows = [_Row(plan, item, Overwrite(told.rule)) for item in plan.items]
    moved = [row for row in rows if row.action in {"copy", "overwrite", "rename"}]
    size = sum(row.item.size for row in moved)
    _tell_unknown(session, plan)
    for problem in plan.problems:
        what = "Left out" if problem.is_note else "Cannot be moved"
        session.say(f"{what}: {shown(problem.source)}: {problem.reason}")
    verb = "upload" if plan.direction is Direction.UPLOAD else "download"
    files = "1 file" if len(moved) == 1 else f"{len(moved):,} files"
    lines = columns((row.cells() for row in rows), right=[2])
    lines.append(f"Would {verb} {files}, {size_text(size)}; {_counted(plan)}.")
    session.answer(_value(plan, told, rows, len(moved), size), lines)
    stuck = any(row.action == "cannot" for row in rows)
    if stuck or any(not problem.is_note for problem in plan.problems):
        raise Exit(Status.FAILED)


def _counted(plan: TransferPlan) -> str:
    from hypha_artifact.transfer.plans import counts

    found = [f"{n:,} {each.value}" for each, n in counts(plan).items() if n]
    return ", ".join(found) or "nothing is there to move"


class _Row:
    """What would be done with one file."""

    def __init__(self, plan: TransferPlan, item: PlanItem, rule: Overwrite) -> None:
        from hypha_artifact.transfer.items import standing
        from hypha_artifact.transfer.rules import settled as moved_as

        self.item = item
        self.standing = standing(item)
        moved = moved_as(item, rule, plan.direction)
        self.action = _action(item, moved, rule)
        self.renamed: str | None = None
        if moved is not None and self.action == "rename":
            is_up = moved.remote != item.remote
            self.renamed = moved.remote if is_up else str(moved.local)

    def cells(self) -> tuple[str, str, str, str]:
        """Write it for people."""
        there = self.item.existing
        name = shown(self.item.remote)
        if self.renamed is not None:
            name += f" → {shown(self.renamed)}"
        if there is not None and there.blocked and self.action == "cannot":
            name += f" ({there.blocked})"
        return self.action, self.standing.value, _sizes(self.item, there), name

    def value(self) -> dict[str, object]:
        """Return it as JSON has it."""
        item, there = self.item, self.item.existing
        return {
            "local": str(item.local),
            "remote": item.remote,
            "size": item.size,
            "modified": item.modified,
            "standing": self.standing.value,
            "action": self.action,
            "there": there and {"size": there.size, "modified": there.modified},
            "renamed": self.renamed,
            "reason": there.blocked if there else None,
        }


def _action(item: PlanItem, moved: PlanItem | None, rule: Overwrite) -> str:
    from hypha_artifact.transfer.state import Overwrite

    there = item.existing
    if there is None:
        return "copy"
    if moved is None and there.blocked is not None:
        return "cannot"
    if rule is Overwrite.ASK:
        return "ask"
    if moved is None:
        return "skip"
    return "rename" if moved.existing is None else "overwrite"


def _sizes(item: PlanItem, there: Existing | None) -> str:
    sizes = [there.size if there else None, item.size]
    texts = [size_text(size) for size in sizes if size is not None]
    return " → ".join(dict.fromkeys(texts))


def _value(
    plan: TransferPlan, told: Choosing, rows: list[_Row], files: int, size: int
) -> dict[str, object]:
    from hypha_artifact.transfer.plans import counts

    return {
        "dry_run": True,
        "direction": plan.direction.value,
        "rule": told.rule,
        "files": files,
        "size": size,
        "counts": {each.value: number for each, number in counts(plan).items()},
        "items": [row.value() for row in rows],
        "problems": [
            {"file": each.source, "message": each.reason, "note": each.is_note}
            for each in plan.problems
        ],
    }
