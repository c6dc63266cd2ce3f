"""Pure: one builder for each call of the server, with the shape of its answer.

All calls are POSTs with real JSON types: in a GET's query string booleans are truthy
text and names that look like numbers are changed (verified, Hypha 0.21).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Literal, TypeAlias, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from hypha_artifact.models import Artifact, Entry, JsonObject
from hypha_artifact.paths import ArtifactId, RemotePath

T = TypeVar("T")

MANAGER = "/public/services/artifact-manager"
EVERYTHING = 10_000_000
"""A limit no folder reaches: 0 and null list nothing, or fail, in some modes."""
LONG = 1800.0
"""Seconds for calls that work through every file: 8,000 files take 50 s to commit."""

Stage: TypeAlias = Literal[True, False, "all"]
"""Which artifacts to list: staged ones, committed ones, all."""


class Call(Struct, Generic[T], frozen=True, kw_only=True):
    """One request.

    ``subject`` says in errors what was asked of which object; ``repeatable`` calls do
    no harm when they are sent twice; ``timeout`` in seconds.
    """

    path: str
    subject: str
    answer: type[T]
    arguments: JsonObject = {}
    verb: str = "POST"
    repeatable: bool = True
    timeout: float = 65.0


class Part(Struct, frozen=True):
    """A part's number, from 1, and where to PUT it."""

    part_number: int
    url: str


class Multipart(Struct, frozen=True):
    """The server's answer to ``put_file_start_multipart``."""

    upload_id: str
    parts: list[Part]


def _manager(
    method: str,
    artifact: ArtifactId,
    answer: type[T],
    arguments: JsonObject | None = None,
    *,
    repeatable: bool = True,
    timeout: float = 65.0,
) -> Call[T]:
    given = {k: v for k, v in (arguments or {}).items() if v is not None}
    return Call(
        path=f"{MANAGER}/{method}",
        subject=f"{method} {artifact}",
        answer=answer,
        arguments={"artifact_id": str(artifact), **given},
        repeatable=repeatable,
        timeout=timeout,
    )


def read(artifact: ArtifactId, version: str | None) -> Call[Artifact]:
    """Read the record, without counting a view."""
    return _manager("read", artifact, Artifact, {"version": version, "silent": True})


def list_files(
    artifact: ArtifactId, folder: RemotePath, version: str | None, *, pending: bool
) -> Call[list[Entry]]:
    """List one folder whole."""
    return _manager(
        "list_files",
        artifact,
        list[Entry],
        {
            "dir_path": str(folder),
            "version": version,
            "include_pending": pending or None,
            "limit": EVERYTHING,
        },
        timeout=LONG,
    )


def edit(
    artifact: ArtifactId,
    fields: JsonObject,
    *,
    stage: bool,
    version: str | None,
) -> Call[Artifact]:
    """Change the record, or open a stage."""
    arguments: JsonObject = {**fields, "stage": stage, "version": version}
    return _manager("edit", artifact, Artifact, arguments, repeatable=stage)


def commit(
    artifact: ArtifactId, version: str | None, comment: str | None
) -> Call[Artifact]:
    """Make the stage final. Never sent twice: the second is refused, or worse."""
    return _manager(
        "commit",
        artifact,
        Artifact,
        {"version": version, "comment": comment},
        repeatable=False,
        timeout=LONG,
    )


class Branch(Struct, frozen=True):
    """What is staged for one branch of a git artifact."""

    files_added: list[str] = []
    files_removed: list[str] = []


class Status(Struct, frozen=True):
    """The part that is read of the answer to ``get_status`` for a git artifact."""

    staged: bool = False
    active_branch: str | None = None
    branches: dict[str, Branch] = {}


def get_status(artifact: ArtifactId) -> Call[Status]:
    """Read the stage of a git artifact, of which the record says nothing."""
    return _manager("get_status", artifact, Status)


def discard_changes(artifact: ArtifactId) -> Call[JsonObject]:
    """Throw the stage of a git artifact away: ``discard`` would leave its files."""
    return _manager("discard_changes", artifact, JsonObject, timeout=LONG)


def discard(artifact: ArtifactId) -> Call[Artifact]:
    """Throw the stage away."""
    return _manager("discard", artifact, Artifact, repeatable=False, timeout=LONG)


def delete(
    artifact: ArtifactId,
    *,
    delete_files: bool | None,
    recursive: bool | None,
    version: str | None,
) -> Call[None]:
    """Delete the artifact, or one version of it."""
    return _manager(
        "delete",
        artifact,
        type(None),
        {"delete_files": delete_files, "recursive": recursive, "version": version},
        repeatable=False,
        timeout=LONG,
    )


def create(artifact: ArtifactId, arguments: JsonObject) -> Call[Artifact]:
    """Create an artifact; over HTTP only its full name carries the workspace."""
    call = _manager("create", artifact, Artifact, arguments)
    named = {"alias": str(artifact), **call.arguments}
    del named["artifact_id"]
    return Call(
        path=call.path,
        subject=call.subject,
        answer=Artifact,
        arguments=named,
        repeatable=False,
    )


def put_file(
    artifact: ArtifactId,
    paths: Sequence[RemotePath],
    expires_in: int,
    where: JsonObject,
) -> Call[dict[str, str]]:
    """Announce files and sign one URL each."""
    return _manager(
        "put_file",
        artifact,
        dict[str, str],
        {"file_path": list(paths), "expires_in": expires_in, **where},
        timeout=LONG,
    )


def start_multipart(
    artifact: ArtifactId,
    path: RemotePath,
    parts: int,
    expires_in: int,
    where: JsonObject,
) -> Call[Multipart]:
    """Announce one file and sign a URL for each of its parts."""
    return _manager(
        "put_file_start_multipart",
        artifact,
        Multipart,
        {"file_path": path, "part_count": parts, "expires_in": expires_in, **where},
        timeout=LONG,
    )


def complete_multipart(
    artifact: ArtifactId, upload_id: str, etags: Sequence[str]
) -> Call[JsonObject]:
    """Join the parts, which are given in order."""
    parts = [
        {"part_number": number, "etag": etag} for number, etag in enumerate(etags, 1)
    ]
    return _manager(
        "put_file_complete_multipart",
        artifact,
        JsonObject,
        {"upload_id": upload_id, "parts": parts},
        repeatable=False,
        timeout=LONG,
    )


def get_file(
    artifact: ArtifactId,
    paths: Sequence[RemotePath],
    version: str | None,
    expires_in: int,
    where: JsonObject,
) -> Call[dict[str, str]]:
    """Sign URLs to read files, without counting downloads."""
    return _manager(
        "get_file",
        artifact,
        dict[str, str],
        {
            "file_path": list(paths),
            "version": version,
            "expires_in": expires_in,
            "silent": True,
            **where,
        },
        timeout=LONG,
    )


def remove_file(artifact: ArtifactId, path: RemotePath) -> Call[object]:
    """Mark a committed file for removal, or drop a staged one. Never sent twice.

    Of git storage the server answers with an object, else with null.
    """
    return _manager(
        "remove_file", artifact, object, {"file_path": path}, repeatable=False
    )


def list_as_sent(parent: ArtifactId, arguments: JsonObject) -> Call[list[JsonObject]]:
    """List a collection's children as the caller asks, and as they come."""
    given = {name: value for name, value in arguments.items() if value is not None}
    return Call(
        path=f"{MANAGER}/list",
        subject=f"list {parent}",
        answer=list[JsonObject],
        arguments=given,
    )


def list_children(
    parent: ArtifactId, keywords: Sequence[str], filters: JsonObject, stage: Stage
) -> Call[list[Artifact]]:
    """List a collection's children."""
    arguments: JsonObject = {
        "parent_id": str(parent),
        "keywords": list(keywords),
        "filters": filters,
        "limit": EVERYTHING,
        "silent": True,
        "stage": stage,
    }
    return Call(
        path=f"{MANAGER}/list",
        subject=f"list {parent}",
        answer=list[Artifact],
        arguments=arguments,
    )


def list_workspace(
    workspace: str,
    keywords: Sequence[str],
    filters: JsonObject,
    stage: Stage,
    *,
    deep: bool,
) -> Call[list[Artifact]]:
    """List a workspace's root artifacts, whatever workspace the token is for.

    ``deep`` lists the children of collections, too. ``no_cache`` because the server
    keeps answers for 60 s, whatever is written.
    """
    query = {
        "no_cache": "true",
        "silent": "" if deep else "true",
        "stage": str(stage).lower(),
        "limit": str(EVERYTHING),
        "keywords": ",".join(keywords),
        "filters": msgspec.json.encode(filters).decode() if filters else "",
    }
    chosen = urlencode({name: value for name, value in query.items() if value})
    search = "-/search" if deep else ""
    return Call(
        path=f"/{quote(workspace, safe='')}/artifacts/{search}?{chosen}",
        subject=f"list workspace {workspace}",
        answer=list[Artifact],
        verb="GET",
    )


def duplicate(
    source: ArtifactId, target: ArtifactId, parent: ArtifactId | None
) -> Call[Artifact]:
    """Copy an artifact's latest version into a new, staged one."""
    return Call(
        path=f"{MANAGER}/duplicate",
        subject=f"duplicate {source} as {target}",
        answer=Artifact,
        arguments={
            "source_artifact_id": str(source),
            "target_alias": target.alias,
            "target_workspace": target.workspace,
            "target_parent_id": str(parent) if parent else None,
            "stage": True,
        },
        repeatable=False,
        timeout=LONG,
    )


def file_url(artifact: ArtifactId, path: RemotePath) -> str:
    """Return the server's own endpoint of a file, which takes any name."""
    names = (artifact.workspace, "artifacts", artifact.alias, "files", *path.segments)
    return "/" + "/".join(quote(name, safe="") for name in names)


def file_query(version: str | None) -> str:
    """Return the query to read a file there, without counting a download."""
    chosen = {"version": version} if version else {}
    return urlencode({**chosen, "silent": "true"})
