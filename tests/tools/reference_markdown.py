"""Docstrings as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from textwrap import dedent

import griffe

ROOT = Path(__file__).parents[2]
HEAD = "<!-- Written by python -m tests.tools.reference: change the source instead. -->"

_TITLES = {
    griffe.DocstringSectionKind.parameters: "Parameters",
    griffe.DocstringSectionKind.attributes: "Attributes",
    griffe.DocstringSectionKind.raises: "Raises",
    griffe.DocstringSectionKind.returns: "Returns",
    griffe.DocstringSectionKind.yields: "Yields",
}


def library() -> griffe.Module:
    """Read the source of ``hypha_artifact``."""
    found = griffe.load(
        "hypha_artifact",
        search_paths=[str(ROOT)],
        docstring_parser="google",
        docstring_options={"warnings": False},  # a Struct's fields are no parameters
    )
    assert isinstance(found, griffe.Module)
    return found


def prose(text: str) -> str:
    """Turn reStructuredText's marks, as far as we use them, into Markdown's."""
    kept: list[str] = []
    for line in dedent(text).replace("``", "`").splitlines():
        if line.strip() == "::":
            continue
        kept.append(line.rstrip().removesuffix(":") if line.endswith("::") else line)
    return "\n".join(kept).strip()


def one_line(text: str) -> str:
    """Put a text on one line, fit for a list or a table."""
    return " ".join(prose(text).split()).replace("|", "\\|")


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Draw a table."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def described(docstring: griffe.Docstring | None) -> Iterator[str]:
    """Yield a docstring's paragraphs and lists."""
    for section in docstring.parsed if docstring else ():
        if section.kind is griffe.DocstringSectionKind.text:
            yield prose(str(section.value))
        elif section.kind in _TITLES:
            lines = [f"- {line}" for line in _items(section)]
            yield f"{_TITLES[section.kind]}:\n\n" + "\n".join(lines)
        else:
            raise ValueError(f"What to do with {section.kind}?")


def _items(section: griffe.DocstringSection) -> Iterator[str]:
    named = {
        griffe.DocstringSectionKind.parameters,
        griffe.DocstringSectionKind.attributes,
    }
    for item in section.value:
        text = one_line(item.description)
        if section.kind in named:
            yield f"`{item.name}`: {text}"
        elif section.kind is griffe.DocstringSectionKind.raises:
            yield f"`{item.annotation}`: {text}"
        else:
            yield text


def summary(item: griffe.Object | griffe.Alias) -> str:
    """Return a docstring's first paragraph on one line."""
    text = item.docstring.value if item.docstring else ""
    return one_line(text.partition("\n\n")[0])
