"""Types of the public interface, under the names of the ``hypha-artifact`` package."""

from __future__ import annotations

from typing import Literal, NotRequired, TypeAlias, TypedDict

from hypha_artifact.models import JsonObject

JsonType: TypeAlias = (
    "str | int | float | bool | dict[str, JsonType] | list[JsonType] | None"
)
OnError: TypeAlias = Literal["raise", "ignore"]
"""Whether a file that fails ends the call with an error, or only shows in events."""
LinkRule: TypeAlias = Literal["files", "follow", "skip"]
"""Symbolic links in folders: follow those to files only, follow all, or skip all."""
ListChildrenMode: TypeAlias = Literal["AND", "OR"]
Artifact: TypeAlias = JsonObject
"""An artifact's record as the server sent it."""
ArtifactConfig: TypeAlias = JsonObject


class ArtifactVersion(TypedDict):
    """One committed version; ``created_at`` in epoch seconds."""

    version: str
    comment: str | None
    created_at: float | None


class ArtifactItem(TypedDict):
    """One name in a folder.

    ``size`` is in bytes, 0 for a folder; ``last_modified`` in epoch seconds where the
    server says; ``pending`` marks a staged file that has no bytes yet.
    """

    name: str
    type: Literal["file", "directory"]
    size: int
    last_modified: float | None
    pending: NotRequired[bool]


class StatusMessage(TypedDict):
    """Common to all events; ``file`` is an upload's local path, else the remote one."""

    message: str
    file: str


class InfoEvent(StatusMessage):
    """A file begins; ``current_file`` counts from 1."""

    type: Literal["info"]
    total_files: int
    current_file: int


class SuccessEvent(StatusMessage):
    """A file has arrived whole; its ``bytes``."""

    type: Literal["success"]
    bytes: int


class ErrorEvent(StatusMessage):
    """A file has failed for good; ``message`` says why."""

    type: Literal["error"]


class MultipartStatusMessage(StatusMessage):
    """Common to the events of parts; ``current_part`` counts from 1."""

    current_part: int
    total_parts: int


class PartInfoEvent(MultipartStatusMessage):
    """A part begins; ``part_size`` in bytes."""

    type: Literal["part_info"]
    part_size: int | None


class PartSuccessEvent(MultipartStatusMessage):
    """The store has acknowledged a part; parts end in any order, so it is a count."""

    type: Literal["part_success"]
    part_size: int | None


class PartErrorEvent(MultipartStatusMessage):
    """A part has failed, and is tried again."""

    type: Literal["part_error"]


class BytesEvent(StatusMessage):
    """How far a file and the whole call are, in bytes that the other side has."""

    type: Literal["progress"]
    file_bytes: int
    file_size: int
    done_bytes: int
    total_bytes: int


ProgressEvent: TypeAlias = (
    InfoEvent
    | SuccessEvent
    | ErrorEvent
    | PartInfoEvent
    | PartSuccessEvent
    | PartErrorEvent
    | BytesEvent
)
ProgressType: TypeAlias = Literal[
    "info",
    "success",
    "error",
    "part_info",
    "part_success",
    "part_error",
    "progress",
]


class MultipartConfig(TypedDict, total=False):
    """How large files go up; each key may be left out.

    ``enable``: in parts from ``chunk_size`` bytes on. ``threshold``: in parts from so
    many bytes on. ``chunk_size``: bytes of a part, 5 MiB at least.
    ``max_parallel_uploads``: requests for bytes at a time.
    """

    enable: bool
    threshold: int
    chunk_size: int
    max_parallel_uploads: int


class UploadPartServerInfo(TypedDict):
    """Where the server wants a part to be PUT."""

    part_number: int
    url: str


class MultipartUpload(TypedDict):
    """The server's answer to the start of a multipart upload."""

    upload_id: str
    parts: list[UploadPartServerInfo]
