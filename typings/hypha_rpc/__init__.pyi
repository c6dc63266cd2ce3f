from collections.abc import Awaitable, Generator, Mapping
from types import TracebackType

from hypha_rpc.utils import ObjectProxy

class ServerContextManager(Awaitable[ObjectProxy]):
    def __await__(self) -> Generator[object, None, ObjectProxy]: ...
    async def __aenter__(self) -> ObjectProxy: ...
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...

def connect_to_server(config: Mapping[str, object]) -> ServerContextManager: ...
