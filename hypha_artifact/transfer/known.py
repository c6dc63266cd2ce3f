"""Which names there are, for very many of them."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from itertools import pairwise


class Known:
    """Tells whether a name was added; eight bytes of memory each.

    Names are told apart by 64 bits of their hashes. Of a million names, two have the
    same ones in one case of forty million: what must not err looks again.
    """

    def __init__(self) -> None:
        self._hashes: array[int] = array("q")
        self._is_sorted = True

    def add(self, name: str) -> None:
        """Add a name, all of them before the first question."""
        self._hashes.append(hash(name))
        self._is_sorted = False

    def __contains__(self, name: str) -> bool:
        """Tell whether a name is among them; wrongly so once in 10^13 cases."""
        hashes, wanted = self._sorted(), hash(name)
        at = bisect_left(hashes, wanted)
        return at < len(hashes) and hashes[at] == wanted

    def twice(self) -> set[int]:
        """Return the hashes of what was added more than once."""
        return {one for one, other in pairwise(self._sorted()) if one == other}

    def _sorted(self) -> array[int]:
        if not self._is_sorted:
            self._hashes = array("q", sorted(self._hashes))
            self._is_sorted = True
        return self._hashes
