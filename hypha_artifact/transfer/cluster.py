"""A Dask cluster whose workers run errands: the only module that imports distributed.

What a worker is given are links for one file each; never the token. A worker that
dies loses what it was doing, and Dask gives that to another one.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from concurrent.futures import CancelledError
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias, cast
from uuid import uuid4

import anyio
import anyio.to_thread
import msgspec
from msgspec import Struct
from typing_extensions import override

from hypha_artifact._api.transport import Transport
from hypha_artifact.errors import (
    ClusterError,
    ClusterMismatch,
    ClusterMissing,
    ClusterUnreachable,
    HyphaError,
    InvalidInput,
    redact,
)
from hypha_artifact.paths import ArtifactId
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.store import Body
from hypha_artifact.transfer.errands import (
    Fetching,
    Sending,
    fetch,
    require_same,
    send,
)
from hypha_artifact.transfer.wire import PROGRAM

if TYPE_CHECKING:
    import distributed

Errand: TypeAlias = Sending | Fetching

CONNECT = 10.0
"""Seconds that a scheduler may take to answer."""

STOP = 20.0
"""Seconds that a worker may take to stop what is not wanted any more."""

_LOOK = 2.0
_REMEMBERED = 4096

_log = logging.getLogger(__name__)


class Parcel(Struct, frozen=True, kw_only=True):
    """What a worker is sent; ``settings`` have no token."""

    errand: Errand
    artifact: ArtifactId
    settings: ConnectionSettings
    program: str = PROGRAM

    @override
    def __repr__(self) -> str:
        # Dask writes it into its logs.
        return f"Parcel({type(self.errand).__name__}, {self.artifact})"


class Landed(Struct, frozen=True, kw_only=True):
    """What a worker answers: the part's ETag, or what went wrong.

    ``count`` is how many bytes need not be moved again; ``worker`` its address. An
    error is a value here, because Dask would log the arguments of what raises it.
    """

    etag: str = ""
    count: int = 0
    worker: str = ""
    error: HyphaError | None = None


class Cluster:
    """A connection to one cluster, made when it is needed, on one event loop.

    Args:
        address: Its scheduler's, such as ``tcp://10.0.0.1:8786``.
        security: TLS certificates; by default those of Dask's configuration.
    """

    def __init__(
        self, address: str, security: distributed.Security | None = None
    ) -> None:
        self.address = address
        self.threads = 0
        """How many errands its workers run at a time."""
        self._security = security
        self._client: distributed.Client | None = None
        self._looked = 0.0
        self._away: float | None = None
        self._turn = anyio.Lock()

    async def connected(self) -> distributed.Client:
        """Connect, unless it is connected.

        Raises:
            ClusterMissing: ``distributed`` is not installed.
            ClusterUnreachable: No scheduler answers.
            ClusterMismatch: The cluster has other versions.
            InvalidInput: This is no address.
        """
        async with self._turn:
            # One that has lost its scheduler may wait for it without an end.
            if self._client is not None and self._client.status != "running":
                await self._drop()
            if self._client is None:
                self._client = await self._connect()
            if monotonic() - self._looked > _LOOK:
                await self._look(self._client)
            return self._client

    async def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with anyio.move_on_after(CONNECT, shield=True), suppress(Exception):
                await client.close()

    async def _connect(self) -> distributed.Client:
        if self._away is not None and monotonic() - self._away < _LOOK:
            raise self._unreachable()  # whoever waited for the same try
        make = await anyio.to_thread.run_sync(_distributed)
        client = make(
            self.address,
            asynchronous=True,
            security=self._security,
            timeout=CONNECT,
            set_as_default=False,
        )
        try:
            await self._begin(client)
        except BaseException:
            with anyio.move_on_after(CONNECT, shield=True), suppress(Exception):
                await client.close()
            raise
        return client

    def _unreachable(self) -> ClusterUnreachable:
        return ClusterUnreachable(f"No Dask scheduler answers at {self.address}.")

    async def _begin(self, client: distributed.Client) -> None:
        try:
            with anyio.fail_after(2 * CONNECT):
                await client
                await self._compare(client)
        except OSError as error:
            self._away = monotonic()
            raise self._unreachable() from error
        except ValueError as error:
            raise InvalidInput(
                f"'{self.address}' is not the address of a Dask scheduler: {error}.",
                hint="It looks like tcp://10.0.0.1:8786.",
            ) from error

    async def _compare(self, client: distributed.Client) -> None:
        """See that all of them have the versions that this machine has."""
        try:
            found = await client.run(versions, on_error="return")
            found["the scheduler"] = await client.run_on_scheduler(versions)
        except OSError:
            raise
        except Exception as error:
            raise self._mismatch("The scheduler", repr(error)) from error
        for who, theirs in found.items():
            if theirs != versions():
                raise self._mismatch(who, _described(theirs))

    def _mismatch(self, who: str, found: str) -> ClusterMismatch:
        return ClusterMismatch(
            f"{who} of the cluster at {self.address} has other programs than this "
            f"machine: {found}, here {_described(versions())}."
        )

    async def _look(self, client: distributed.Client) -> None:
        if client.scheduler is not None:
            with anyio.move_on_after(CONNECT), suppress(OSError):
                self.threads = sum((await client.scheduler.ncores()).values())
        self._looked = monotonic()

    async def do(self, parcel: Parcel) -> Landed:
        """Have a worker do an errand; cancelled, it is stopped there, too.

        Raises:
            ClusterError: The cluster did not do it; its own errors are values.
        """
        client = await self.connected()
        key = f"hypha-{type(parcel.errand).__name__.lower()}-{uuid4().hex}"
        future = client.submit(run, parcel, key, key=key, pure=False)
        try:
            return await future
        except CancelledError as error:
            raise ClusterUnreachable(
                f"The connection to the Dask scheduler at {self.address} broke."
            ) from error
        except ImportError as error:
            raise self._mismatch("A worker", repr(error)) from error
        except Exception as error:
            raise ClusterError(
                f"The cluster at {self.address} failed: {type(error).__name__}: {error}"
            ) from error
        except asyncio.CancelledError:
            with anyio.move_on_after(STOP, shield=True):
                await self._stop(client, future)
            raise
        finally:
            future.release()

    async def _stop(
        self, client: distributed.Client, future: distributed.Future[Landed]
    ) -> None:
        try:
            await future.cancel()
            await client.run(stop, future.key, on_error="ignore")
        except Exception as error:  # noqa: BLE001 - it is given up in any case
            _log.warning("a worker could not be told to stop: %s", redact(repr(error)))

    async def aclose(self) -> None:
        """End the connection; what the workers still do is dropped."""
        await self._drop()


def _distributed() -> type[distributed.Client]:
    """Import it; that takes a while, so in a thread."""
    try:
        from distributed import Client  # noqa: PLC0415
    except ImportError as error:
        raise ClusterMissing(
            f"What talks to Dask clusters is not installed ({error})."
        ) from error
    return Client


def versions() -> tuple[str, str]:
    """Return the versions that all machines must have: ours, and Dask's."""
    from distributed import __version__  # noqa: PLC0415

    return PROGRAM, __version__


def _described(found: object) -> str:
    if not isinstance(found, tuple):
        return repr(found)  # the error that asking for it gave
    program, dask = cast("tuple[str, str]", found)
    return f"hypha-tui {program}, distributed {dask}"


# What runs on a worker.


class _UnderWay:
    """An errand that is run here."""

    def __init__(self) -> None:
        self.scope = anyio.CancelScope()
        self.is_sent = False
        self.done = anyio.Event()

    def sent(self) -> None:
        self.is_sent = True


_under_way: dict[str, _UnderWay] = {}
_stopped: deque[str] = deque(maxlen=_REMEMBERED)
_transports: dict[tuple[str, bytes], Transport] = {}


async def run(parcel: Parcel, key: str) -> Landed:
    """Do an errand, on a worker.

    Args:
        parcel: What to do.
        key: Its name, for ``stop``.
    """
    from distributed import get_worker  # noqa: PLC0415

    worker = get_worker().address
    if parcel.program != PROGRAM:
        error = ClusterMismatch(
            f"The worker {worker} has hypha-tui {PROGRAM}, not {parcel.program}."
        )
        return Landed(worker=worker, error=error)
    under_way = _under_way[key] = _UnderWay()
    try:
        with under_way.scope:
            if key in _stopped:
                under_way.scope.cancel()
            return await _do(parcel, under_way, worker)
    finally:
        del _under_way[key]
        under_way.done.set()
    return Landed(worker=worker, error=ClusterError("It was stopped."))


async def _do(parcel: Parcel, under_way: _UnderWay, worker: str) -> Landed:
    count, errand = 0, parcel.errand

    def check(body: Body) -> None:
        if isinstance(errand, Fetching):
            require_same(errand.link.path, body, errand.size, errand.etag)

    def wrote(more: int) -> None:
        nonlocal count
        count += more

    try:
        transport = await _transport(parcel.settings)
        remote = RemoteArtifact(parcel.artifact, transport)
        if isinstance(errand, Sending):
            etag = await send(remote, errand, under_way.sent)
            count = errand.length
        else:
            etag = await fetch(remote, errand, check, wrote)
    except HyphaError as error:
        return Landed(count=count, worker=worker, error=error)
    except Exception as error:  # noqa: BLE001 - Dask would log what it was given
        text = f"Unexpected {type(error).__name__} on {worker}: {error}"
        bug = HyphaError(text, hint="This is a bug; please report it.")
        return Landed(worker=worker, error=bug)
    return Landed(etag=etag, count=count, worker=worker)


async def _transport(settings: ConnectionSettings) -> Transport:
    """Return this worker's connections for these settings; they end with it."""
    from distributed import WorkerPlugin, get_worker  # noqa: PLC0415

    worker = get_worker()
    name = worker.address, msgspec.json.encode(settings, order="deterministic")
    if name in _transports:
        return _transports[name]
    transport = _transports[name] = Transport(settings)

    class Closing(WorkerPlugin):
        @override
        async def teardown(self, worker: distributed.Worker) -> None:
            del _transports[name]
            await transport.aclose()

    await worker.plugin_add(Closing(), name=f"hypha-{id(transport)}")
    return transport


async def stop(key: str) -> None:
    """Stop an errand on this worker, if it is here, and wait until it has stopped.

    One that only waits for the store's answer is let be: what is sent again meanwhile
    would meet it there.

    Args:
        key: Its name.
    """
    _stopped.append(key)
    under_way = _under_way.get(key)
    if under_way is not None:
        if not under_way.is_sent:
            under_way.scope.cancel()
        await under_way.done.wait()
