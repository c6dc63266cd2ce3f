"""``hypha://workspace/artifact/path`` for everything that opens files by fsspec.

pandas, pyarrow, zarr and Dask find it by its entry point; the extra ``fsspec`` brings
what it needs.
"""

from hypha_artifact.fsspec.filesystem import HyphaFileSystem

__all__ = ["HyphaFileSystem"]
