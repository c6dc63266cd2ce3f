"""Write ``docs/reference/`` from docstrings, commands and errors.

``python -m tests.tools.reference`` writes the pages; with ``--check`` it only tells
which of them are stale, and fails if any is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from tests.tools.reference_api import api_page
from tests.tools.reference_cli import cli_page
from tests.tools.reference_errors import errors_page

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
PAGES: dict[str, Callable[[], str]] = {
    "api.md": api_page,
    "cli.md": cli_page,
    "errors.md": errors_page,
}


def stale() -> list[str]:
    """Name the pages that are not what they would be if written now."""
    return [
        name
        for name, make in PAGES.items()
        if not (page := FOLDER / name).exists()
        or page.read_text(encoding="utf-8") != make()
    ]


def main() -> None:
    names = stale()
    if "--check" in sys.argv[1:]:
        if names:
            told = "Run python -m tests.tools.reference"
            sys.exit(f"Stale: {', '.join(names)}. {told}")
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in names:
        (FOLDER / name).write_text(PAGES[name](), encoding="utf-8")
        sys.stdout.write(f"Wrote {FOLDER / name}\n")


if __name__ == "__main__":
    main()
