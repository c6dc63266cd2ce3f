from typing import Any

class ObjectProxy(dict[str, Any]):
    config: Any
    generate_token: Any
    # Whatever else the other side offers, by the names that it gives.
    def __getattr__(self, name: str) -> Any: ...
