"""The page of all errors, read from ``hypha_artifact.errors``."""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Iterator

from httpx import RequestError

from hypha_artifact import errors
from hypha_artifact.cli.messages import exit_status
from tests.tools.reference_markdown import (
    HEAD,
    described,
    library,
    one_line,
    prose,
    table,
)

AFTER = """
What a program can do is in `error.remedy`, a `hypha_artifact.errors.Remedy`; what a
person can do, in `error.hint`; `error.explain()` is message and hint together. How to
catch them: [errors](../guides/errors.md).
"""


def errors_page() -> str:
    parts = [HEAD, "# Errors", "`from hypha_artifact import errors`", _tree()]
    parts += [AFTER.strip(), *_classes()]
    return "\n\n".join(parts) + "\n"


def _tree() -> str:
    lines = (errors.__doc__ or "").splitlines()
    drawn = [line.removeprefix("    ") for line in lines if line.startswith("    ")]
    words = [line for line in lines if not line.startswith("    ") and line != "::"]
    first, _, rest = "\n".join(words).strip().partition("\n")
    return f"{first}\n\n```\n" + "\n".join(drawn) + f"\n```\n\n{prose(rest)}"


def _classes() -> Iterator[str]:
    found = [
        cls
        for cls in vars(errors).values()
        if inspect.isclass(cls) and issubclass(cls, errors.HyphaError)
    ]
    titles = ["error", "what happened", "caught also as", "remedy", "exit code", "hint"]
    yield table(titles, map(_row, found))
    source = library()["errors"]
    for cls in found:
        lists = [*described(source[cls.__name__].docstring)][1:]
        if lists:
            yield f"## {cls.__name__}"
            yield from lists


def _row(cls: type[errors.HyphaError]) -> list[str]:
    known = {*vars(builtins)} - {"object", "BaseException", "Exception"}
    parents = [p.__name__ for p in cls.__mro__[1:] if p.__name__ in known]
    if issubclass(cls, RequestError):
        parents.append("httpx.RequestError")
    return [
        f"`{cls.__name__}`",
        one_line((inspect.getdoc(cls) or "").partition("\n\n")[0]),
        ", ".join(f"`{name}`" for name in parents),
        f"`{cls.remedy.name}`",
        str(int(exit_status(cls("")))),
        cls.default_hint,
    ]
