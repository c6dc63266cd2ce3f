"""What a user may do, from the server's own rules (artifact manager, Hypha 0.21).

An operation is allowed by what was given on the artifact, else by the token's level
in its workspace. Reading what is in a collection takes the right to read that.
"""

from __future__ import annotations

from hypha_artifact.models import Artifact, Rights, User

_READ = frozenset({
    "read",
    "list",
    "list_files",
    "get_file",
    "get_status",
    "get_vector",
    "list_vectors",
    "search_vectors",
})  # fmt: skip
_OF_PARENT = _READ - {"get_status"}
_WRITE = frozenset({
    "create",
    "draft",
    "attach",
    "detach",
    "mutate",
    "edit",
    "commit",
    "put_file",
    "remove_file",
    "add_vectors",
    "remove_vectors",
    "discard_changes",
    "set_secret",
    "set_download_weight",
})  # fmt: skip
_ADMINISTER = frozenset({"delete", "reset_stats", "publish", "get_secret"})
_BY_LEVEL = {
    "": frozenset[str](),
    "r": _READ,
    "rw": _READ | _WRITE,
    "a": _READ | _WRITE | _ADMINISTER,
}


def workspace_rights(user: User, workspace: str) -> Rights:
    """Tell what a user may do with any artifact of a workspace.

    Args:
        user: From ``whoami``.
        workspace: Its name.
    """
    level = user.level(workspace)
    return Rights(subject=workspace, level=level, operations=_BY_LEVEL[level])


def artifact_rights(user: User, artifact: Artifact, parent: Artifact | None) -> Rights:
    """Tell what a user may do with one artifact.

    Args:
        user: From ``whoami``.
        artifact: Its record.
        parent: The record of its collection, if it has one that may be read.
    """
    level = user.level(artifact.workspace)
    given = _given(user, artifact)
    if parent:
        given = (given - _OF_PARENT) | (_given(user, parent) & _OF_PARENT)
    operations = given | _BY_LEVEL[level]
    return Rights(subject=artifact.id, level=level, operations=operations)


def first_commit_rights(rights: Rights, of_parent: Rights) -> Rights:
    """Take ``commit`` away where the collection does not let the user attach.

    Args:
        rights: Those on an artifact that has no version yet.
        of_parent: Those on its collection.
    """
    if of_parent.may("attach"):
        return rights
    return Rights(
        subject=rights.subject,
        level=rights.level,
        operations=rights.operations - {"commit"},
    )


def _given(user: User, artifact: Artifact) -> frozenset[str]:
    here = {"*", user.id}
    if user.email:
        here.add(user.email)
    if not user.is_anonymous:
        here.add("@")
    names = here | {user.person} | {f"{user.workspace}/{name}" for name in here}
    return frozenset(
        operation
        for name, operations in artifact.permissions.items()
        if name in names
        for operation in operations
    )
