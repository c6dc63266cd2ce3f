from collections.abc import Mapping
from types import TracebackType
from typing import Self

from hypha_rpc.utils import ObjectProxy

class SyncHyphaServer(ObjectProxy):
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...

def connect_to_server(config: Mapping[str, object]) -> SyncHyphaServer: ...
