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


class FileEvent(TypedDict):
    """Common to all events; ``file`` is an upload's local path, else the remote one."""

    message: str
    file: str


class FileInfoEvent(FileEvent):
    """A file begins; ``current_file`` counts from 1."""

    type: Literal["info"]
    total_files: int
    current_file: int


class FileSuccessEvent(FileEvent):
    """A file has arrived whole; its ``bytes``, where whoever tells it knows them."""

    type: Literal["success"]
    bytes: NotRequired[int]


class FileErrorEvent(FileEvent):
    """A file has failed for good; ``message`` says why."""

    type: Literal["error"]


class PartEvent(FileEvent):
    """Common to the events of parts; ``current_part`` counts from 1."""

    current_part: int
    total_parts: int


class PartInfoEvent(PartEvent):
    """A part begins; ``part_size`` in bytes."""

    type: Literal["part_info"]
    part_size: int | None


class PartSuccessEvent(PartEvent):
    """The store has acknowledged a part; parts end in any order, so it is a count."""

    type: Literal["part_success"]
    part_size: int | None


class PartErrorEvent(PartEvent):
    """A part has failed, and is tried again."""

    type: Literal["part_error"]


class BytesEvent(FileEvent):
    """How far a file and the whole call are, in bytes that the other side has."""

    type: Literal["progress"]
    file_bytes: int
    file_size: int
    done_bytes: int
    total_bytes: int


ProgressEvent: TypeAlias = (
    FileInfoEvent
    | FileSuccessEvent
    | FileErrorEvent
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


class StatusMessage:
    """Makes the events of files, for code that reports its own transfers alike.

    Args:
        operation: ``"upload"`` or ``"download"``.
        total_files: How many files there are.
    """

    def __init__(self, operation: str, total_files: int) -> None:
        self.operation = operation
        self.total_files = total_files

    def in_progress(self, file_path: str, current_file_index: int) -> FileInfoEvent:
        """Tell that a file begins; the index counts from 0."""
        number = current_file_index + 1
        doing = f"{self.operation.capitalize()}ing file {number}/{self.total_files}"
        return FileInfoEvent(
            type="info",
            message=f"{doing}: {file_path}",
            file=file_path,
            total_files=self.total_files,
            current_file=number,
        )

    def success(self, file_path: str) -> FileSuccessEvent:
        """Tell that a file has arrived."""
        message = f"Successfully {self.operation}ed: {file_path}"
        return FileSuccessEvent(type="success", message=message, file=file_path)

    def error(self, file_path: str, error_message: str) -> FileErrorEvent:
        """Tell that a file has failed, and why."""
        message = f"Failed to {self.operation} {file_path}: {error_message}"
        return FileErrorEvent(type="error", message=message, file=file_path)


class MultipartStatusMessage(StatusMessage):
    """Makes the events of one file's parts; ``part_number`` counts from 1.

    Args:
        operation: ``"upload"`` or ``"download"``.
        file_path: The file.
        total_parts: How many parts it has.
    """

    def __init__(self, operation: str, file_path: str, total_parts: int) -> None:
        super().__init__(operation, total_parts)
        self.file_path = file_path
        self.total_parts = total_parts

    def part_info(
        self, part_number: int, part_size: int | None = None
    ) -> PartInfoEvent:
        """Tell that a part of so many bytes begins."""
        doing = f"{self.operation.capitalize()}ing {self._of(part_number)}"
        return PartInfoEvent(
            type="part_info",
            message=doing,
            file=self.file_path,
            current_part=part_number,
            total_parts=self.total_parts,
            part_size=part_size,
        )

    def part_success(
        self, part_number: int, part_size: int | None = None
    ) -> PartSuccessEvent:
        """Tell that a part of so many bytes has arrived."""
        return PartSuccessEvent(
            type="part_success",
            message=f"Successfully {self.operation}ed {self._of(part_number)}",
            file=self.file_path,
            current_part=part_number,
            total_parts=self.total_parts,
            part_size=part_size,
        )

    def part_error(self, part_number: int, error_message: str) -> PartErrorEvent:
        """Tell that a part has failed, and why."""
        message = f"Failed to {self.operation} {self._of(part_number)}: {error_message}"
        return PartErrorEvent(
            type="part_error",
            message=message,
            file=self.file_path,
            current_part=part_number,
            total_parts=self.total_parts,
        )

    def _of(self, number: int) -> str:
        return f"part {number}/{self.total_parts} for {self.file_path}"


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
