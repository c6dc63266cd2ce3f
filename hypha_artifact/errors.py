"""Every error this library raises, each with what to do about it.

::

    HyphaError
    ├── InvalidInput (ValueError)          what the caller gave cannot be meant
    │   ├── IsFolder (IsADirectoryError)   a folder where a file is due
    │   ├── UnsafePath                     a path that could leave its folder
    │   ├── NotFolder (NotADirectoryError) a file where a folder is due
    │   ├── FolderNotEmpty (OSError)       a folder to remove holds something
    │   └── NotConfigured                  server, workspace or token are missing
    ├── ServiceError (OSError)             the Hypha server refused a call
    │   ├── SignInRequired (PermissionError)   no, wrong or expired token
    │   ├── PermissionDenied (PermissionError) known, but not allowed
    │   ├── NotFound (FileNotFoundError)
    │   │   ├── ArtifactNotFound
    │   │   └── VersionNotFound
    │   ├── AlreadyExists (FileExistsError)
    │   ├── NotStaged                      the call needs an open stage
    │   ├── UploadExpired                  the server forgot a multipart upload
    │   ├── RateLimited                    429, with a time to wait
    │   └── ServerFault                    5xx; a second try may work
    ├── StoreError (OSError)               the object store (S3) refused bytes
    │   └── LinkExpired                    a presigned URL is too old
    ├── NetworkError (ConnectionError)     no answer, or half of one
    │   ├── Unreachable                    nobody listens there, or no way leads there
    │   │   └── NotTrusted                 its TLS certificate is not a trusted one
    │   └── NetworkTimeout (TimeoutError)
    ├── TransferFailed (OSError)           some files of a transfer did not arrive
    ├── IntegrityError (OSError)           bytes arrived, but not the right ones
    │   └── RemoteChanged                  a remote file is not what was listed
    ├── LocalFileError (OSError)           this machine's file system refused
    │   ├── LocalExists (FileExistsError)
    │   ├── LocalNotFound (FileNotFoundError)
    │   ├── DiskFull
    │   └── SourceChanged                  a file changed while it was read
    ├── StageError (OSError)               what Hypha's staging would do to a file
    │   ├── StageConflict                  a session of the other kind is open
    │   ├── WouldLoseData                  refused: a committed file would be lost
    │   └── CommitBlocked                  preflight found what must be mended first
    ├── JournalError                       the transfers' journal cannot be used
    │   ├── JournalDamaged
    │   └── JournalNewer                   a newer version of this program wrote it
    ├── EngineError                        the engine's process cannot be talked to
    ├── ClusterError                       a Dask cluster cannot move the bytes
    │   ├── ClusterMissing (ImportError)   the extra that talks to it is not installed
    │   ├── ClusterUnreachable (NetworkError)  no scheduler answers, or it has gone
    │   ├── ClusterMismatch                other versions than here
    │   └── NotShared                      its workers do not see this machine's file
    └── LocalServerError                   the local server did not start, or died

Builtin parents are named in brackets, so ``except FileNotFoundError`` works. What
comes from the server, the store or the network is an ``httpx.RequestError``, too:
code written for the ``hypha-artifact`` package catches that.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import ClassVar

from httpx import RequestError
from typing_extensions import override

_QUERY = re.compile(r"(https?://[^\s\"'<>?]+)\?[^\s\"'<>]*")
_USERINFO = re.compile(r"(https?://)[^\s/@\"'<>]+@")
_JWT = re.compile(r"eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?")
_BEARER = re.compile(r"(?i)(bearer\s+)[^\s\"']+")


def redact(text: str) -> str:
    """Take tokens, passwords and URL signatures out of a text.

    Args:
        text: Anything that may be shown or logged.

    Returns:
        The text with each query string, bearer token and JWT replaced by ``…``.
    """
    text = _USERINFO.sub(r"\1…@", text)
    text = _QUERY.sub(r"\1?…", text)
    text = _BEARER.sub(r"\1…", text)
    return _JWT.sub("…", text)


class Remedy(Enum):
    """What a program can do about an error."""

    RETRY = "retry"
    RETRY_AFTER = "retry after a wait"
    NEW_LINK = "sign a new link"
    SIGN_IN = "sign in again"
    FIX_INPUT = "change the request"
    GIVE_UP = "nothing automatic"


class HyphaError(Exception):
    """Base of all errors here.

    Attributes:
        message: What happened to which object, and why.
        hint: What the user can do next; one sentence.
        remedy: What a program can do next.
    """

    default_hint: ClassVar[str] = ""
    remedy: ClassVar[Remedy] = Remedy.GIVE_UP

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        self.message = redact(message)
        self.hint = redact(self.default_hint if hint is None else hint)
        super().__init__(self.message)

    @override
    def __str__(self) -> str:
        return self.message

    def explain(self) -> str:
        """Return message and hint as one text for people."""
        return f"{self.message} {self.hint}".strip()


class InvalidInput(HyphaError, ValueError):
    """What the caller gave cannot be meant."""

    remedy = Remedy.FIX_INPUT


class IsFolder(InvalidInput, IsADirectoryError):
    """A folder where a file is due."""

    default_hint = "Ask for it recursively."


class NotFolder(InvalidInput, NotADirectoryError):
    """A file where a folder is due."""

    default_hint = "Give a folder, or leave the file's name out."


class FolderNotEmpty(InvalidInput, OSError):
    """A folder that is to be removed holds something."""

    default_hint = "Remove what is in it first, or remove it recursively."


class UnsafePath(InvalidInput):
    """A path that could leave its folder, or that a store cannot hold."""

    default_hint = "Rename the file, or leave it out."


class NotConfigured(InvalidInput):
    """Server, workspace or token are missing."""

    default_hint = (
        "Sign in: hypha-artifact login --server-url URL. Or set HYPHA_SERVER_URL, "
        "HYPHA_WORKSPACE and HYPHA_TOKEN in the environment or in a .env file."
    )


class ServiceError(HyphaError, RequestError, OSError):
    """The Hypha server refused a call.

    Attributes:
        status: HTTP status of the answer.
        detail: The server's own words, redacted.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        status: int = 0,
        detail: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.detail = redact(detail)


class SignInRequired(ServiceError, PermissionError):
    """No, wrong or expired token."""

    default_hint = "Sign in: hypha-artifact login. Or set another HYPHA_TOKEN."
    remedy = Remedy.SIGN_IN


class PermissionDenied(ServiceError, PermissionError):
    """The user is known, but may not do this."""

    default_hint = "Ask the artifact's owner for the right to do this."


class NotFound(ServiceError, FileNotFoundError):
    """No such artifact, version, file or folder."""

    default_hint = "Check the name; refresh to see what is there."
    remedy = Remedy.FIX_INPUT


class ArtifactNotFound(NotFound):
    """No such artifact in the workspace."""


class VersionNotFound(NotFound):
    """The artifact has no version of that name."""


class AlreadyExists(ServiceError, FileExistsError):
    """The name is taken."""

    default_hint = "Choose another name."
    remedy = Remedy.FIX_INPUT


class NotStaged(ServiceError):
    """The call needs an open stage."""

    default_hint = "Open a stage first: edit(stage=True)."
    remedy = Remedy.FIX_INPUT


class UploadExpired(ServiceError):
    """The server forgot a multipart upload; its parts cannot be joined any more."""

    default_hint = "The file has to be uploaded from its start."
    remedy = Remedy.NEW_LINK


class RateLimited(ServiceError):
    """Too many requests.

    Attributes:
        retry_after: Seconds to wait before the next try.
    """

    default_hint = "Wait a moment; it is tried again by itself."
    remedy = Remedy.RETRY_AFTER

    def __init__(
        self, message: str, *, retry_after: float = 1.0, status: int = 429
    ) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after


class ServerFault(ServiceError):
    """The server failed (5xx); a second try may work."""

    default_hint = "Try again; if it stays, the server's log says more."
    remedy = Remedy.RETRY


class StoreError(HyphaError, RequestError, OSError):
    """The object store refused to take or give bytes.

    Attributes:
        status: HTTP status of the answer.
    """

    default_hint = "Try again; if it stays, the store's log says more."
    remedy = Remedy.RETRY

    def __init__(
        self, message: str, *, hint: str | None = None, status: int = 0
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class LinkExpired(StoreError):
    """A presigned URL is too old, or its signature does not fit."""

    default_hint = "A new link is needed."
    remedy = Remedy.NEW_LINK


class NetworkError(HyphaError, RequestError, ConnectionError):
    """No answer, or half of one."""

    default_hint = "Check the connection and that the server is up; then try again."
    remedy = Remedy.RETRY


class Unreachable(NetworkError):
    """No connection was made at all, so nothing was sent."""


class NotTrusted(Unreachable):
    """A server's TLS certificate is none that this machine trusts."""

    default_hint = (
        "Name your institution's certificates in SSL_CERT_FILE; HYPHA_DISABLE_SSL=true"
        " checks none, and lets anyone on the way read the token."
    )
    remedy = Remedy.GIVE_UP


class NetworkTimeout(NetworkError, TimeoutError):
    """No answer in time."""


class IntegrityError(HyphaError, OSError):
    """Bytes arrived, but not the right ones."""

    default_hint = "Transfer the file again."
    remedy = Remedy.RETRY


class RemoteChanged(IntegrityError):
    """A remote file is not the one that was listed; parts of both are never mixed."""

    default_hint = "Refresh, and copy it again."
    remedy = Remedy.FIX_INPUT


class TransferFailed(HyphaError, OSError):
    """Some files of a transfer did not arrive; the others did."""

    default_hint = "Mend what the message names, then transfer these files again."


class LocalFileError(HyphaError, OSError):
    """This machine's file system refused."""

    default_hint = "Check the file and its permissions."


class LocalExists(LocalFileError, FileExistsError):
    """The local target is there already and may not be replaced."""

    default_hint = "Choose to overwrite it, or another folder."
    remedy = Remedy.FIX_INPUT


class LocalNotFound(LocalFileError, FileNotFoundError):
    """There is no such local file."""

    default_hint = "Check the path."
    remedy = Remedy.FIX_INPUT


class DiskFull(LocalFileError):
    """No room left on the local disk, or the quota is used up."""

    default_hint = "Make room on the disk, then retry."


class SourceChanged(LocalFileError):
    """A local file changed while it was read; mixed content is never sent."""

    default_hint = "Wait until nothing writes to it, then retry."


class StageError(HyphaError, RequestError, OSError):
    """What Hypha's staging would do to a file."""

    remedy = Remedy.FIX_INPUT


class StageConflict(StageError):
    """A staging session of the other kind is open on the artifact."""

    default_hint = "Commit or discard the open session first."


class WouldLoseData(StageError):
    """Refused, because a committed file would be lost."""


class CommitBlocked(StageError):
    """Preflight found what must be mended before a commit."""

    default_hint = "Mend the findings, then commit again."


class JournalError(HyphaError):
    """The journal of the transfers cannot be read or written; it is never deleted."""

    default_hint = "Without it, transfers cannot be resumed after a crash."


class JournalDamaged(JournalError):
    """The file is no journal, or its content is broken."""


class JournalNewer(JournalError):
    """A newer version of this program wrote the journal."""

    default_hint = "Use that version, or let it finish its transfers first."


class EngineError(HyphaError):
    """The engine's own process does not start, or cannot be talked to."""

    default_hint = "Start the program again; transfers that were under way are kept."
    remedy = Remedy.RETRY


class ClusterError(HyphaError):
    """A Dask cluster cannot move the bytes of a transfer."""

    default_hint = "Look at the logs of its workers; then try again."
    remedy = Remedy.RETRY


class ClusterMissing(ClusterError, ImportError):
    """What talks to Dask clusters is not installed."""

    default_hint = "Install it with: pip install 'hypha-tui[dask]'"
    remedy = Remedy.GIVE_UP


class ClusterUnreachable(ClusterError, NetworkError):
    """No scheduler answers at the address, or the connection to it broke."""

    default_hint = "Check the address, and that the cluster is up; then try again."


class ClusterMismatch(ClusterError):
    """The cluster has other versions of the programs than this machine."""

    default_hint = (
        "Use the same environment here, for the scheduler, and for all workers."
    )
    remedy = Remedy.GIVE_UP


class NotShared(ClusterError):
    """A worker of a cluster does not see a file as this machine sees it."""

    default_hint = (
        "Use a folder that all nodes share under the same path, with the same rights; "
        "or do it without the cluster."
    )
    remedy = Remedy.FIX_INPUT


class LocalServerError(HyphaError):
    """The local server did not start, or died."""
