"""Values to bytes and back: for the journal and for the engine's socket."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from hypha_artifact.paths import RemotePath

T = TypeVar("T")


def encode(value: object) -> bytes:
    """Pack a value; a local path keeps its bytes even where they are no UTF-8."""
    return _encoder.encode(value)


def decode(data: bytes | msgspec.Raw, kind: type[T]) -> T:
    """Unpack a value that this program packed.

    Raises:
        msgspec.MsgspecError: The bytes are not such a value.
    """
    return msgspec.msgpack.decode(data, type=kind, dec_hook=_from_plain)


def decoder(kind: type[T]) -> Callable[[bytes], T]:
    """Return what unpacks many values of one kind; it raises as ``decode`` does."""
    made = msgspec.msgpack.Decoder(kind, dec_hook=_from_plain)
    return made.decode


def _to_plain(value: object) -> object:
    if isinstance(value, Path):
        return os.fsencode(value)
    if isinstance(value, RemotePath):
        return str.__str__(value)
    raise NotImplementedError(f"{type(value).__name__} cannot be packed")


def _from_plain(kind: type[Any], value: Any) -> object:
    if issubclass(kind, Path):
        return kind(os.fsdecode(value))
    if issubclass(kind, RemotePath):
        return str.__new__(kind, value)  # it was a checked path when it was packed
    return kind(value)


_encoder = msgspec.msgpack.Encoder(enc_hook=_to_plain)
