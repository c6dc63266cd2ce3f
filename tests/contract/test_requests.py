"""What the verbs for one small file ask of the server, and in which order."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest

from hypha_artifact import AsyncHyphaArtifact, record
from hypha_artifact._api.transport import Transport
from hypha_artifact.errors import NotStaged
from hypha_artifact.settings import ConnectionSettings
from tests.faults import FaultProxy

Verb = Callable[[AsyncHyphaArtifact, Path], Awaitable[object]]


@pytest.fixture(autouse=True)
def fast_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no look at the stage be too old, however slow this machine is."""
    monkeypatch.setattr(record, "_GLANCE", 3600.0)


@pytest.fixture
async def artifact(faults: FaultProxy) -> AsyncGenerator[AsyncHyphaArtifact]:
    """An artifact with ``d/a`` and ``d/b``, staged in place, with ``d/c`` staged."""
    alias = f"few-{uuid.uuid4().hex[:8]}"
    async with Transport(faults.settings) as transport:
        artifact = AsyncHyphaArtifact(alias, transport=transport)
        await artifact.create({"name": "few"}, stage=True)
        await artifact.put(b"a", "d/a")
        await artifact.put(b"b", "d/b")
        await artifact.commit()
        await artifact.edit(stage=True)
        await artifact.put(b"c", "d/c")
    async with Transport(faults.settings) as transport:
        again = AsyncHyphaArtifact(alias, transport=transport)
        yield again
        await again.delete(delete_files=True)


def asked(requests: list[str]) -> list[str]:
    """Write requests as people would say them."""
    found = (re.match(r"(\w+) /(s3|.*/)([\w-]*)", each) for each in requests)
    return [f"{m[1]} bytes" if m[2] == "s3" else m[3] for m in found if m]


@pytest.mark.parametrize(
    ("verb", "expected"),
    [
        (lambda a, _: a.ls("d"), ["list_files"]),
        (lambda a, _: a.exists("d/a"), ["list_files"]),
        (lambda a, _: a.cat("d/a"), ["get_file", "GET bytes"]),
        (
            lambda a, to: a.get("d/a", str(to / "a")),
            ["list_files", "list_files", "get_file", "GET bytes"],
        ),
        (
            lambda a, _: a.put(b"new", "d/new"),
            ["read", "list_files", "read", "put_file", "PUT bytes"],
        ),
        (lambda a, _: a.rm("d/c"), ["read", "list_files", "read", "remove_file"]),
        (lambda a, _: a.discard(), ["read", "discard"]),
    ],
)
async def test_a_small_file_takes_few_requests(
    artifact: AsyncHyphaArtifact,
    faults: FaultProxy,
    tmp_path: Path,
    verb: Verb,
    expected: list[str],
) -> None:
    faults.requests.clear()
    await verb(artifact, tmp_path)
    assert asked(faults.requests) == expected


async def test_a_stage_that_somebody_else_discards_takes_no_more_files(
    artifact: AsyncHyphaArtifact, settings: ConnectionSettings
) -> None:
    await artifact.put(b"1", "d/first")
    async with Transport(settings) as transport:
        other = AsyncHyphaArtifact(str(artifact.id), transport=transport)
        await other.discard()
    with pytest.raises(NotStaged):
        await artifact.put(b"2", "d/second")
    assert await artifact.ls("d", detail=False) == ["a", "b"]
