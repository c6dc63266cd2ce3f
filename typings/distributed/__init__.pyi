from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

_T = TypeVar("_T")

__version__: str

class Security:
    def __init__(self, *, require_encryption: bool = ..., **kwargs: object) -> None: ...

class _Scheduler:
    address: str
    async def ncores(self) -> Mapping[str, int]: ...

class Future(Generic[_T]):
    key: str
    status: str
    def __await__(self) -> Generator[Any, Any, _T]: ...
    async def cancel(self) -> None: ...
    def release(self) -> None: ...

class Client:
    status: str
    scheduler: _Scheduler | None
    security: Security
    def __init__(
        self,
        address: str,
        *,
        asynchronous: bool = ...,
        security: Security | None = ...,
        timeout: float = ...,
        set_as_default: bool = ...,
        name: str | None = ...,
    ) -> None: ...
    def __await__(self) -> Generator[Any, Any, Self]: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    def submit(
        self,
        func: Callable[..., Awaitable[_T]],
        *args: object,
        key: str,
        pure: bool,
        retries: int = ...,
    ) -> Future[_T]: ...
    def run(
        self,
        function: Callable[..., object],
        *args: object,
        workers: Sequence[str] | None = ...,
        on_error: str = ...,
    ) -> Awaitable[dict[str, Any]]: ...
    def run_on_scheduler(
        self, function: Callable[..., object], *args: object
    ) -> Awaitable[Any]: ...
    def wait_for_workers(self, n_workers: int) -> Awaitable[None]: ...
    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *args: object) -> None: ...
    def close(self, timeout: float = ...) -> Awaitable[None]: ...

class WorkerPlugin:
    def teardown(self, worker: Worker) -> Awaitable[None] | None: ...

class Worker:
    address: str
    async def plugin_add(self, plugin: WorkerPlugin, name: str) -> object: ...

def get_worker() -> Worker: ...

class LocalCluster:
    scheduler_address: str
    workers: dict[Any, Any]
    def __init__(
        self,
        *,
        n_workers: int = ...,
        threads_per_worker: int = ...,
        processes: bool = ...,
        dashboard_address: str | None = ...,
        **kwargs: object,
    ) -> None: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *args: object) -> None: ...
