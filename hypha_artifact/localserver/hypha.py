"""The Hypha server as it is, but for one thing: it reads botocore's data once.

Hypha 0.21 makes a new S3 client for nearly every call, and each reads and parses the
same descriptions of Amazon's services again: two thirds of the server's time here.
"""

from __future__ import annotations

import runpy

from botocore.loaders import Loader


def read_once() -> None:
    """Let all of botocore's loaders in this process share what they have read."""
    found: dict[object, object] = {}
    shared = property(lambda _: found, lambda _self, _empty: None)
    setattr(Loader, "_cache", shared)  # noqa: B010 - its types do not know it


if __name__ == "__main__":
    read_once()
    runpy.run_module("hypha.server", run_name="__main__", alter_sys=True)
