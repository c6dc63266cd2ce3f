"""``with fs.transaction``: all files, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fsspec.transaction import Transaction
from typing_extensions import override

if TYPE_CHECKING:
    from hypha_artifact.fsspec.filesystem import HyphaFileSystem


class StageTransaction(Transaction):
    """Files are sent at its end; a stage that was opened in it ends with it, too.

    That stage is committed, or discarded after an exception. A stage that was open
    before is only added to: whoever opened it commits it.
    """

    @override
    def complete(self, commit: bool = True) -> None:
        """Send the files and commit, or drop them and discard."""
        fs = cast("HyphaFileSystem", self.fs)
        try:
            super().complete(commit)
        except BaseException:
            fs.end_stages(commit=False)
            raise
        fs.end_stages(commit=commit)
