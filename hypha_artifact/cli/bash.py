"""Completion in bash, which breaks words at colons, as ``ARTIFACT:PATH`` has one."""

from __future__ import annotations

import os
import re
import shlex
from typing import Any, ClassVar

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    add_completion_class,
    split_arg_string,
)
from typing_extensions import override

_SOURCE = r"""
%(complete_func)s() {
    local line response
    response=$(env COMP_LINE="${COMP_LINE:0:COMP_POINT}" \
        COMP_WORDBREAKS="$COMP_WORDBREAKS" %(complete_var)s=bash_complete "$1")
    COMPREPLY=()
    while IFS= read -r line; do
        case ${line%%,*} in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                COMPREPLY+=("${line#*,}")
                [[ $line == *[/:] ]] && compopt -o nospace
                ;;
        esac
    done <<< "$response"
    return 0
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""
_PLAIN = re.compile(r"([^\w@%+=:,./~-])")


class Bash(BashComplete):
    """Reads the line itself, and gives what comes after the last break."""

    source_template: ClassVar[str] = _SOURCE
    _kept = 0
    _is_quoted = False

    @override
    def get_completion_args(self) -> tuple[list[str], str]:
        line = os.environ["COMP_LINE"]
        words = split_arg_string(line)
        self._is_quoted = _has_open_quote(line)
        begun = not line[-1:].isspace() or words[-1][-1:].isspace()
        incomplete = words.pop() if begun and len(words) > 1 else ""
        breaks = [c for c in ":=" if c in os.environ.get("COMP_WORDBREAKS", "")]
        if not self._is_quoted:
            self._kept = 1 + max(
                (incomplete.rfind(each) for each in breaks), default=-1
            )
        return words[1:], incomplete

    @override
    def format_completion(self, item: CompletionItem) -> str:
        value: Any = item.value
        text = str(value)[self._kept :]
        if not self._is_quoted:
            text = _PLAIN.sub(r"\\\1", text)
        return f"{item.type},{text}"


def _has_open_quote(line: str) -> bool:
    try:
        shlex.split(line.removesuffix("\\"))
    except ValueError:
        return True
    return False


def register() -> None:
    """Let click complete in bash by this."""
    add_completion_class(Bash)
