"""Arguments as they were written for the older command line, in today's form.

That one took ``--flag_name``, ``--flag=True``, ``--noflag`` and every parameter by
its name (``--path=a``). Click takes ``--flag-name``, ``--flag`` and ``--no-flag``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

import click

_TRUE = {"true", "yes", "1"}
_FALSE = {"false", "no", "0"}
_SPELT_OUT = {"True", "False"}


class Spelling:
    """Puts arguments into today's form.

    Args:
        params: What the command takes.
        named: Names of what it takes by position: those of the first ones, of which
            there may be several, and the last one.
        interspersed: Whether options may follow what stands by position.
    """

    def __init__(
        self,
        params: Iterable[click.Parameter],
        named: Sequence[str] = (),
        *,
        interspersed: bool = True,
    ) -> None:
        options = [param for param in params if isinstance(param, click.Option)]
        self._flags = {n: o for o in options if o.is_flag for n in o.opts}
        self._off = {n: o for o in options for n in o.secondary_opts}
        self._valued = {n for o in options if not o.is_flag for n in o.opts}
        self._named = {f"--{name}" for name in named} - self._valued
        self._last = f"--{named[-1]}" if len(named) > 1 else ""
        self._interspersed = interspersed

    def modern(self, args: Sequence[str]) -> list[str]:
        """Return the arguments as Click takes them."""
        rest = deque(args)
        first: list[str] = []
        last: list[str] = []
        middle: list[str] = []
        while rest:
            word = rest.popleft()
            name, equals, value = _split(word)
            if word == "--" or (word[:1] != "-" and not self._interspersed):
                return [*first, *middle, *last, word, *rest]
            if name in self._named:
                wanted = [value] if equals else _pop(rest)
                (last if name == self._last else first).extend(wanted)
            else:
                middle += self._option(word, rest)
        return [*first, *middle, *last]

    def _option(self, word: str, rest: deque[str]) -> list[str]:
        name, equals, value = _split(word)
        if name in self._valued:
            if not equals:
                return [name, *_pop(rest)]
            return [] if value == "None" else [f"{name}={value}"]
        if not equals and name in self._flags and rest and rest[0] in _SPELT_OUT:
            return self._switch(name, rest.popleft())
        if equals and name in self._flags:
            return self._switch(name, value)
        return [self._known(name)] if not equals and word[:2] == "--" else [word]

    def _switch(self, name: str, value: str) -> list[str]:
        lower = value.lower()
        if lower in _TRUE:
            return [name]
        if lower in _FALSE or lower == "none":
            return self._flags[name].secondary_opts[:1]
        if name == "--use-local-url":
            return [f"--local-url={value}"]
        raise click.UsageError(f"{name} is yes or no, not '{value}'.")

    def _known(self, name: str) -> str:
        dashed = f"--no-{name[4:]}"
        if name.startswith("--no") and name not in self._flags and dashed in self._off:
            return dashed
        return name


def _split(word: str) -> tuple[str, str, str]:
    name, equals, value = word.partition("=")
    if not word.startswith("--"):
        return word, "", ""
    return name.replace("_", "-"), equals, value


def _pop(rest: deque[str]) -> list[str]:
    return [rest.popleft()] if rest else []
