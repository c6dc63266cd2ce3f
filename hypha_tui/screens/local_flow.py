"""Folders and removals that need no stage: local ones, and planned remote folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hypha_artifact.errors import InvalidInput
from hypha_artifact.paths import RemotePath, printable
from hypha_tui.providers import changes
from hypha_tui.providers.base import Place
from hypha_tui.providers.remote import RemoteProvider
from hypha_tui.screens.confirm import ConfirmScreen
from hypha_tui.screens.name import NameScreen
from hypha_tui.screens.ui import Ui
from hypha_tui.state.rows import Row
from hypha_tui.state.text import count, size
from hypha_tui.widgets.status_bar import Tone

MANY = 10


class LocalFlow:
    """Makes folders, and removes local files.

    Args:
        ui: The screen to ask and tell on.
    """

    def __init__(self, ui: Ui) -> None:
        self._ui = ui

    async def make_folder(self, place: Place, taken: frozenset[str]) -> str | None:
        """Ask for a name and make a folder of it.

        Args:
            place: Where.
            taken: Names that are there already.

        Returns:
            The name, None when there is no new folder.

        Raises:
            HyphaError: It could not be made.
        """
        provider = place.provider
        if provider.read_only:
            self._ui.say(provider.read_only, Tone.WARNING)
            return None
        name = await self._ui.ask(NameScreen("New folder", check=_check(place, taken)))
        if not name:
            return None
        if isinstance(provider, RemoteProvider):
            self._plan(provider, RemotePath(place.folder) / name)
            await self._ui.refresh_artifact(provider.remote.id)
        else:
            await changes.make_folder(Path(place.folder), name)
            self._ui.refresh_local()
        return name

    def _plan(self, provider: RemoteProvider, folder: RemotePath) -> None:
        self._ui.session.plan_folder(provider.remote.id, folder)
        self._ui.say(
            f"'{printable(folder.name)}' is only planned: an artifact has no empty "
            "folders. It becomes real with the first file copied into it."
        )

    async def remove(self, place: Place, rows: Sequence[Row]) -> None:
        """Ask, then remove local files and folders.

        Raises:
            HyphaError: One of them could not be removed.
        """
        paths = [Path(place.folder) / row.name for row in rows]
        found = await changes.tally(paths)
        what = count(found.files, "file")
        if found.folders:
            what += f" in {count(found.folders, 'folder')}"
        names = "\n".join(f"  {printable(path.name)}" for path in paths[:5])
        more = f"\n  and {len(paths) - 5:,} more" if len(paths) > 5 else ""  # noqa: PLR2004
        body = (
            f"Remove {what}, {size(found.size)}, from this machine?\n{names}{more}\n"
            "This cannot be undone. Links are removed, not what they point to."
        )
        typed = found.files if found.files > MANY else None
        dialog = ConfirmScreen("Remove", body, key="y", label="Remove", typed=typed)
        if not await self._ui.ask(dialog):
            self._ui.say("Nothing was removed.")
            return
        try:
            await changes.remove(paths)
        finally:
            self._ui.refresh_local()
        self._ui.say(f"{what} removed.", Tone.DONE)


def _check(place: Place, taken: frozenset[str]) -> Callable[[str], str | None]:
    def check(name: str) -> str | None:
        if not name.strip() or name in {".", ".."} or "/" in name:
            return "Type a name without '/'."
        if name in taken:
            return "There is something of that name already."
        try:
            place.provider.child(place.folder, name)
        except InvalidInput as error:
            return error.message
        return None

    return check
