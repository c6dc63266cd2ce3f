"""Frozen values for what the server says, and for what a stage means.

Field names follow the server's JSON (artifact manager of Hypha 0.21).
"""

from __future__ import annotations

from collections import Counter
from enum import Enum
from functools import cached_property
from typing import TypeAlias

import msgspec
from msgspec import Struct, structs

from hypha_artifact.paths import ArtifactId, RemotePath

JsonObject: TypeAlias = dict[str, object]
"""A JSON object as it came; its values are untrusted."""


class StageMode(Enum):
    """What a staging session will become when it is committed."""

    NEW_VERSION = "new version"
    """A new version that starts empty and is hidden from readers until then."""
    IN_PLACE = "in place"
    """The latest version, changed while readers look on."""
    ON_BRANCH = "on the branch"
    """Git storage: the next commit of a branch, hidden until then.

    It keeps every file that is not touched, and destroys nothing.
    """


class Version(Struct, frozen=True, kw_only=True):
    """One committed version; of git storage a branch or a tag, with its commit."""

    version: str = ""
    comment: str | None = None
    created_at: float | None = None
    name: str = ""
    """What git storage calls it; ``version`` is the same then."""
    sha: str | None = None
    is_default: bool = msgspec.field(default=False, name="default")

    def __post_init__(self) -> None:
        """Know it by one name, whatever the storage."""
        if not self.version:
            structs.force_setattr(self, "version", self.name)


class StageEntry(Struct, frozen=True, kw_only=True, gc=False):
    """One line of the server's staging record.

    ``path`` is what was recorded, verbatim; ``remove`` marks a deletion that runs at
    commit; ``intent`` is set on the one line that tells the kind of session.
    """

    path: str | None = None
    remove: bool = msgspec.field(default=False, name="_remove")
    intent: str | None = msgspec.field(default=None, name="_intent")
    download_weight: float | None = None


class Artifact(Struct, frozen=True, kw_only=True, dict=True):
    """What the server says of an artifact. Times are epoch seconds."""

    id: str
    uuid: str = msgspec.field(default="", name="_id")
    type: str = "generic"
    workspace: str = ""
    alias: str = ""
    parent_id: str | None = None
    manifest: JsonObject | None = None
    staging: list[StageEntry] | None = None
    file_count: int | None = None
    download_count: float = 0
    view_count: float = 0
    created_at: float | None = None
    created_by: str | None = None
    last_modified: float | None = None
    versions: list[Version] | None = None
    config: JsonObject | None = None
    permissions: dict[str, list[str]] = msgspec.field(
        default_factory=dict[str, list[str]], name="_permissions"
    )
    """What each user, or ``*`` and ``@`` for all, was given the right to do."""

    @property
    def artifact_id(self) -> ArtifactId:
        """Its full name as a value."""
        return ArtifactId.parse(self.id, self.workspace or None)

    @property
    def name(self) -> str:
        """The manifest's name, else the alias. Untrusted text."""
        name = (self.manifest or {}).get("name")
        return name if isinstance(name, str) and name else self.alias

    @property
    def is_collection(self) -> bool:
        """Whether other artifacts may have it as their parent."""
        return self.type in {"collection", "vector-collection"} or bool(
            (self.config or {}).get("is_collection")
        )

    @property
    def is_git(self) -> bool:
        """Whether its files live in a git repository, with staging rules of its own."""
        return (self.config or {}).get("storage") == "git"

    @property
    def latest(self) -> Version | None:
        """The version that readers get by default; None before the first commit."""
        versions = self.versions or []
        default = (version for version in versions if version.is_default)
        return next(default, versions[-1] if versions else None)

    @property
    def is_staged(self) -> bool:
        """Whether a staging session is open."""
        return self.staging is not None

    @cached_property
    def stage_mode(self) -> StageMode | None:
        """The kind of the open session, None without one.

        Committing an artifact that has no version yet always makes its first one,
        whatever the recorded intent.
        """
        if self.staging is None:
            return None
        if self.is_git:
            return StageMode.ON_BRANCH
        intents = {entry.intent for entry in self.staging if entry.intent}
        if "new_version" in intents or not self.versions:
            return StageMode.NEW_VERSION
        return StageMode.IN_PLACE

    @property
    def next_version(self) -> str:
        """The name the server will give to the next version unless told another.

        In git storage it is the branch, which every commit goes to.
        """
        if not self.is_git:
            return f"v{len(self.versions or [])}"
        branch = (self.config or {}).get("git_default_branch")
        return self.latest.version if self.latest else str(branch or "main")


class EntryKind(Enum):
    """What a name in a listing stands for."""

    FILE = "file"
    FOLDER = "directory"


class Entry(Struct, frozen=True, kw_only=True, gc=False):
    """One name in a folder of an artifact.

    ``name`` is as the server sent it: show it through ``paths.printable``, and join
    it only with ``RemotePath.__truediv__``, which refuses unsafe ones. ``size`` is in
    bytes, None for folders; ``modified`` in epoch seconds. ``pending`` marks a file
    that is staged but has no bytes yet, ``staged``, in git storage, one that is in
    the stage.
    """

    name: str
    kind: EntryKind = msgspec.field(default=EntryKind.FILE, name="type")
    size: int | None = None
    modified: float | None = msgspec.field(default=None, name="last_modified")
    pending: bool = False
    staged: bool = False

    def __post_init__(self) -> None:
        """Refuse a file without a size: the server sends one, so this was garbled.

        Raises:
            ValueError: This is one.
        """
        if self.size is None and self.kind is EntryKind.FILE:
            raise ValueError("a file without a size")

    @property
    def is_folder(self) -> bool:
        """Whether it can be listed."""
        return self.kind is EntryKind.FOLDER


class ChangeKind(Enum):
    """What a staged change does; the value is its letter in lists."""

    ADDED = "A"
    MODIFIED = "M"
    REMOVED = "D"
    SAME = "="
    """Carried over from the latest version, unchanged."""
    PENDING = "!"
    """Announced, but its bytes are not there: a commit would fail."""
    UNKNOWN = "?"
    """Staged by somebody else: in place, the server cannot tell what it does."""


class StagedChange(Struct, frozen=True, kw_only=True, gc=False):
    """One path of an open session. ``size`` in bytes where it is known."""

    path: str
    kind: ChangeKind
    size: int | None = None
    live: bool = False
    """Readers of the latest version see it already, before any commit."""


class StageState(Struct, frozen=True, kw_only=True, dict=True):
    """An artifact's stage: None mode means that no session is open.

    There may be very many changes, by path; sums of them are made once.
    """

    artifact: Artifact
    mode: StageMode | None
    changes: tuple[StagedChange, ...] = ()

    @cached_property
    def _counts(self) -> Counter[ChangeKind]:
        return Counter(change.kind for change in self.changes)

    def count(self, kind: ChangeKind) -> int:
        """Count the changes of one kind."""
        return self._counts[kind]

    @cached_property
    def size(self) -> int:
        """Bytes of all staged files whose size is known."""
        return sum(change.size or 0 for change in self.changes)

    @cached_property
    def is_live(self) -> bool:
        """Whether readers of the latest version see some of it already."""
        return any(change.live for change in self.changes)

    @property
    def target(self) -> str:
        """The version that a commit would write: its name."""
        latest = self.artifact.latest
        if self.mode is StageMode.IN_PLACE and latest:
            return latest.version
        return self.artifact.next_version


class Fate(Enum):
    """What a commit does to a file, as readers of the latest version see it."""

    KEPT = "kept"
    NEW = "new"
    CHANGED = "changed"
    GONE = "gone"
    """In the latest version now, not in the one after the commit."""


class ResultingFile(Struct, frozen=True, kw_only=True, gc=False):
    """One file before and after a commit; a size is None where it is not there."""

    path: str
    fate: Fate
    size_before: int | None = None
    size_after: int | None = None


class Severity(Enum):
    """How a finding bears on the commit."""

    BLOCKS = "blocks"
    """The commit would fail or damage something; it is refused."""
    ASKS = "asks"
    """Allowed once the user has said yes to just this."""
    NOTE = "note"


class Finding(Struct, frozen=True, kw_only=True):
    """One result of the preflight."""

    code: str
    severity: Severity
    text: str
    paths: tuple[str, ...] = ()


class CommitPreview(Struct, frozen=True, kw_only=True, dict=True):
    """What readers will see after a commit, and what stands in its way.

    There may be very many files, by path; sums of them are made once.
    """

    state: StageState
    files: tuple[ResultingFile, ...]
    findings: tuple[Finding, ...]

    @cached_property
    def _counts(self) -> Counter[Fate]:
        return Counter(file.fate for file in self.files)

    @cached_property
    def _bytes(self) -> Counter[Fate]:
        sums: Counter[Fate] = Counter()
        for file in self.files:
            is_gone = file.fate is Fate.GONE
            sums[file.fate] += (file.size_before if is_gone else file.size_after) or 0
        return sums

    def count(self, fate: Fate) -> int:
        """Count the files of one fate."""
        return self._counts[fate]

    def bytes_of(self, fate: Fate) -> int:
        """Sum the bytes of one fate; of gone files, those that they had."""
        return self._bytes[fate]

    @property
    def blocked(self) -> bool:
        """Whether a finding forbids the commit."""
        return any(f.severity is Severity.BLOCKS for f in self.findings)

    @property
    def questions(self) -> tuple[Finding, ...]:
        """The findings that need a yes."""
        return tuple(f for f in self.findings if f.severity is Severity.ASKS)


class User(Struct, frozen=True, kw_only=True):
    """Who the token speaks for. ``expires_at`` in epoch seconds.

    ``scopes`` has the token's level by workspace, ``*`` for all: ``r`` reads, ``rw``
    writes, ``a`` administers. ``parent`` is the person behind a token that was made
    from another one.
    """

    id: str
    parent: str | None = None
    email: str | None = None
    workspace: str | None = None
    is_anonymous: bool = False
    expires_at: float | None = None
    scopes: dict[str, str] = {}

    @property
    def person(self) -> str:
        """The id that rights are given to."""
        return self.parent or self.id

    @property
    def home(self) -> str:
        """The workspace that every user has."""
        return f"ws-user-{self.person}"

    def level(self, workspace: str) -> str:
        """Return what the token may do in a workspace: ``""``, r, rw or a."""
        given = {self.scopes.get("*"), self.scopes.get(workspace)}
        return next((level for level in ("a", "rw", "r") if level in given), "")


class WorkspaceInfo(Struct, frozen=True, kw_only=True):
    """A workspace of this user.

    ``level`` is what the token may do there, as in ``User.scopes``; empty where the
    workspace is the user's, but the token is for another.
    """

    name: str
    description: str = ""
    level: str = ""
    is_own: bool = False
    is_current: bool = False


class Rights(Struct, frozen=True, kw_only=True):
    """What this user may do with an artifact or a workspace.

    ``operations`` are the server's own names of them: ``edit``, ``put_file`` …
    """

    subject: str
    level: str
    operations: frozenset[str]

    def may(self, *operations: str) -> bool:
        """Tell whether all of these are allowed."""
        return self.operations.issuperset(operations)

    @property
    def can_read(self) -> bool:
        """Whether its files can be listed and read."""
        return self.may("read", "list_files", "get_file")

    @property
    def can_edit(self) -> bool:
        """Whether files can be staged."""
        return self.may("edit", "put_file", "remove_file")

    @property
    def can_commit(self) -> bool:
        """Whether a stage can be made final."""
        return self.may("commit")

    @property
    def can_delete(self) -> bool:
        """Whether it can be deleted."""
        return self.may("delete")

    @property
    def can_create(self) -> bool:
        """Whether artifacts can be created in it."""
        return self.may("create") or self.may("draft", "attach")


__all__ = [
    "Artifact",
    "ChangeKind",
    "CommitPreview",
    "Entry",
    "EntryKind",
    "Fate",
    "Finding",
    "JsonObject",
    "RemotePath",
    "ResultingFile",
    "Rights",
    "Severity",
    "StageEntry",
    "StageMode",
    "StageState",
    "StagedChange",
    "User",
    "Version",
    "WorkspaceInfo",
]
