"""The real server that tests run against, and a state folder of their own."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from hypha_artifact.localserver import LocalServer, local_server
from hypha_artifact.settings import ConnectionSettings
from tests import disks
from tests.engines import end, places
from tests.faults import FaultProxy

# Where a shell started the tests in the background, Ctrl-C would reach no child.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# And with nohup, no loss of a terminal would.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
# Each server and each command would compile everything it imports, every time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """Keep the tests' state apart from the user's."""
    folder = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder))
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
        for name in [name for name in os.environ if name.startswith("HYPHA_")]:
            patch.delenv(name)
        yield folder
        for place in places(folder):
            end(place)


@pytest.fixture(scope="session")
def server() -> Generator[LocalServer]:
    """One real Hypha server with S3 for the whole session."""
    with local_server(workspace="test-lab") as server:
        yield server


@pytest.fixture
def settings(server: LocalServer) -> ConnectionSettings:
    """Where the server is, as an ordinary user of it."""
    return server.settings


@pytest.fixture
async def faults(server: LocalServer) -> AsyncGenerator[FaultProxy]:
    """A proxy before the server; ``faults.settings`` sends calls and bytes through."""
    async with FaultProxy(server.settings) as proxy:
        yield proxy


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """A file system with room for 20 MiB, where this user may mount one."""
    with disks.small_disk(tmp_path / "disk", "20m") as folder:
        yield folder
