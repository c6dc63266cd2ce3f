from collections.abc import Mapping

from fsspec.core import OpenFile, open as open, url_to_fs as url_to_fs
from fsspec.spec import AbstractFileSystem as AbstractFileSystem

def filesystem(protocol: str, **storage_options: object) -> AbstractFileSystem: ...
def available_protocols() -> list[str]: ...
def get_mapper(url: str, **storage_options: object) -> Mapping[str, bytes]: ...

__all__ = ["AbstractFileSystem", "OpenFile", "filesystem", "open", "url_to_fs"]
