from fsspec.core import OpenFile as OpenFile, open as open, url_to_fs as url_to_fs
from fsspec.spec import AbstractFileSystem as AbstractFileSystem

def filesystem(protocol: str, **storage_options: object) -> AbstractFileSystem: ...
