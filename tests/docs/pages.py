"""Pages of the documentation as programs: their code blocks, run one after another.

The blocks of a page share one Python namespace, one shell environment and one folder.
A ``text`` block is what the block before it prints; ``…`` stands for anything. What
has ``no-run`` after its language is not run.
"""

from __future__ import annotations

import ast
import asyncio
import io
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LANGUAGES = {"python", "bash"}
SECONDS = 60


class Block(NamedTuple):
    """A block to run, the line it begins on, and what it has to print."""

    language: str
    code: str
    line: int
    expected: str | None


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page that run."""
    tokens = MarkdownIt().parse(page.read_text(encoding="utf-8"))
    fences = [token for token in tokens if token.type == "fence"]
    for place, fence in enumerate(fences):
        language, *marks = fence.info.split() or [""]
        if language in LANGUAGES and "no-run" not in marks:
            after = fences[place + 1 : place + 2]
            told = [token.content for token in after if token.info == "text"]
            line = fence.map[0] + 1 if fence.map else 0
            yield Block(language, fence.content, line, told[0] if told else None)


def run_page(page: Path, folder: Path) -> None:
    """Run a page in a folder, and compare what its blocks print.

    Raises:
        AssertionError: A block printed something else, or its shell failed.
    """
    namespace: dict[str, object] = {"__name__": "__main__"}
    state = folder.with_suffix(".environ")
    state.touch()
    with asyncio.Runner() as runner:
        for block in blocks(page):
            if block.language == "python":
                printed = _python(block, page, namespace, runner)
            else:
                printed = _bash(block, page, folder, state)
            where = f"{page.relative_to(ROOT)}:{block.line}"
            assert block.expected is None or _fits(printed, block.expected), (
                f"{where} prints\n{printed}"
            )


def _python(
    block: Block, page: Path, namespace: dict[str, object], runner: asyncio.Runner
) -> str:
    source = "\n" * block.line + block.code  # so that tracebacks show the page's lines
    code = compile(source, page, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with redirect_stdout(io.StringIO()) as out:
        waiting = eval(code, namespace)  # noqa: S307 - our own pages
        if asyncio.iscoroutine(waiting):
            runner.run(waiting)
    return out.getvalue()


def _bash(block: Block, page: Path, folder: Path, state: Path) -> str:
    kept = shlex.quote(str(state))
    script = f"set -eo pipefail\n. {kept}\n{block.code}\nexport -p > {kept}\n"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    where = f"{page.relative_to(ROOT)}:{block.line}"
    assert done.returncode == 0, f"{where} ended with {done.returncode}\n{done.stdout}"
    return done.stdout


def _fits(printed: str, expected: str) -> bool:
    pattern = ".*".join(map(re.escape, _lines(expected).split("…")))
    return re.fullmatch(pattern, _lines(printed), re.DOTALL) is not None


def _lines(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
