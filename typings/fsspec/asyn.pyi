import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, ParamSpec, TypeVar

from fsspec.spec import AbstractFileSystem

_T = TypeVar("_T")
_P = ParamSpec("_P")

def get_loop() -> asyncio.AbstractEventLoop: ...
def sync(
    loop: asyncio.AbstractEventLoop | None,
    func: Callable[_P, Awaitable[_T]],
    *args: _P.args,
    **kwargs: _P.kwargs,
) -> _T: ...

class AsyncFileSystem(AbstractFileSystem):
    asynchronous: bool
    batch_size: int | None
    _pid: int
    _loop: asyncio.AbstractEventLoop | None
    def __init__(
        self,
        *args: Any,
        asynchronous: bool = ...,
        loop: asyncio.AbstractEventLoop | None = ...,
        **kwargs: Any,
    ) -> None: ...
    @property
    def loop(self) -> asyncio.AbstractEventLoop | None: ...
    async def _ls(
        self, path: str, detail: bool = ..., **kwargs: object
    ) -> list[Any]: ...
    async def _info(self, path: str, **kwargs: object) -> Any: ...
    async def _exists(self, path: str, **kwargs: object) -> bool: ...
    async def _isdir(self, path: str) -> bool: ...
    async def _isfile(self, path: str) -> bool: ...
    async def _cat_file(
        self,
        path: str,
        start: int | None = ...,
        end: int | None = ...,
        **kwargs: object,
    ) -> bytes: ...
    async def _cat(
        self,
        path: str | list[str],
        recursive: bool = ...,
        on_error: str = ...,
        batch_size: int | None = ...,
        **kwargs: Any,
    ) -> Any: ...
    async def _get(self, rpath: Any, lpath: Any, **kwargs: Any) -> object: ...
    async def _pipe_file(
        self, path: str, value: bytes, mode: str = ..., **kwargs: object
    ) -> None: ...
    async def _put_file(
        self, lpath: str, rpath: str, mode: str = ..., **kwargs: Any
    ) -> None: ...
    async def _get_file(self, rpath: str, lpath: str, **kwargs: Any) -> None: ...
    async def _cp_file(self, path1: str, path2: str, **kwargs: object) -> None: ...
    async def _rm_file(self, path: str, **kwargs: object) -> None: ...
    async def _rm(
        self,
        path: str | list[str],
        recursive: bool = ...,
        batch_size: int | None = ...,
        maxdepth: int | None = ...,
        **kwargs: object,
    ) -> None: ...
    async def _put(
        self,
        lpath: str | list[str],
        rpath: str | list[str],
        *args: Any,
        **kwargs: Any,
    ) -> object: ...
    async def _copy(
        self,
        path1: str | list[str],
        path2: str | list[str],
        *args: Any,
        **kwargs: Any,
    ) -> None: ...
    async def _mkdir(
        self, path: str, create_parents: bool = ..., **kwargs: object
    ) -> None: ...
    async def _makedirs(self, path: str, exist_ok: bool = ...) -> None: ...
    async def _find(
        self,
        path: str,
        maxdepth: int | None = ...,
        withdirs: bool = ...,
        **kwargs: object,
    ) -> Any: ...
    async def _glob(
        self, path: str, maxdepth: int | None = ..., **kwargs: object
    ) -> Any: ...
    async def _expand_path(
        self,
        path: str | list[str],
        recursive: bool = ...,
        maxdepth: int | None = ...,
    ) -> list[str]: ...
    def _walk(
        self, path: str, maxdepth: int | None = ..., **kwargs: object
    ) -> AsyncIterator[tuple[str, Any, Any]]: ...
    async def _cat_ranges(
        self,
        paths: list[str],
        starts: Any,
        ends: Any,
        max_gap: int | None = ...,
        batch_size: int | None = ...,
        on_error: str = ...,
        **kwargs: object,
    ) -> list[Any]: ...
    async def _pipe(
        self,
        path: str | dict[str, bytes],
        value: bytes | None = ...,
        batch_size: int | None = ...,
        **kwargs: object,
    ) -> object: ...
    async def open_async(self, path: str, mode: str = ..., **kwargs: object) -> Any: ...
