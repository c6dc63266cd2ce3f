"""What makes a class the blocking twin of an asynchronous one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

C = TypeVar("C", bound=type)


def twin_of(original: type) -> Callable[[C], C]:
    """Give each method without a docstring that of its asynchronous twin."""

    def documented(cls: C) -> C:
        for name, method in vars(cls).items():
            twin = getattr(original, name, None)
            if twin is not None and getattr(method, "__doc__", "") is None:
                method.__doc__ = twin.__doc__
        return cls

    return documented
