"""What was committed before an in-place session changed it.

Once bytes are up, the server cannot tell an added file from an overwritten one
(verified, Hypha 0.21), and taking an overwritten one out of the stage destroys it for
readers. So each folder is listed before the first file is announced in it, and that
listing is kept beside the user's other state until the session ends. A session is
known by the record's ``last_modified``, which every ``edit``, ``commit`` and
``discard`` moves and uploads do not (verified).
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import anyio
import msgspec
import platformdirs
from msgspec import Struct

from hypha_artifact.models import ChangeKind
from hypha_artifact.paths import RemotePath


class Baseline(Struct, frozen=True, kw_only=True):
    """What is known of one in-place session.

    ``folders`` has the names of the committed files of each listed folder;
    ``foreign`` the paths that were staged before we looked.
    """

    opened: float | None
    folders: dict[str, frozenset[str]] = {}
    foreign: frozenset[str] = frozenset()

    def kind_of(self, path: RemotePath) -> ChangeKind:
        """Tell what an upload to a path does to the committed files."""
        names = self.folders.get(path.parent)
        if names is None or path in self.foreign:
            return ChangeKind.UNKNOWN
        return ChangeKind.MODIFIED if path.name in names else ChangeKind.ADDED

    def listed(
        self, folder: RemotePath, names: frozenset[str], staged: frozenset[str]
    ) -> Baseline:
        """Add a folder's committed names, and what others have staged in it."""
        foreign = {path for path in staged if path.rpartition("/")[0] == folder}
        return Baseline(
            opened=self.opened,
            folders={**self.folders, str(folder): names},
            foreign=self.foreign | foreign,
        )


class BaselineStore:
    """Baselines on disk, one file for each artifact, readable by the user alone.

    Args:
        folder: Where they are kept; the user's state folder by default.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or platformdirs.user_state_path("hypha-tui") / "stages"

    def _file(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"

    async def load(self, key: str, opened: float | None) -> Baseline:
        """Return the session's baseline; an empty one if it is not ours."""
        try:
            data = await anyio.Path(self._file(key)).read_bytes()
            known = msgspec.json.decode(data, type=Baseline)
        except (FileNotFoundError, msgspec.MsgspecError, UnicodeDecodeError):
            return Baseline(opened=opened)
        return known if known.opened == opened else Baseline(opened=opened)

    async def save(self, key: str, baseline: Baseline) -> None:
        """Keep a baseline; it replaces the artifact's older one at once."""
        await anyio.to_thread.run_sync(
            _write_private, self._file(key), msgspec.json.encode(baseline)
        )


def _write_private(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    fresh.replace(path)
