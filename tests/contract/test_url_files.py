"""Files at URLs, opened without an artifact, as the hypha-artifact package has them."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator

import anyio.to_thread
import pytest

from hypha_artifact import AsyncHyphaArtifact
from hypha_artifact._api.transport import Transport
from hypha_artifact.artifact_file import ArtifactHttpFile
from hypha_artifact.async_artifact_file import AsyncArtifactHttpFile
from hypha_artifact.errors import InvalidInput, NotFound, StoreError
from tests.faults import Fault, FaultProxy

TEXT = "first\nsecond å\n"


@pytest.fixture
async def artifact(faults: FaultProxy) -> AsyncGenerator[AsyncHyphaArtifact]:
    """A staged artifact behind the fault proxy, with one text."""
    alias = f"url-{uuid.uuid4().hex[:8]}"
    async with Transport(faults.settings) as transport:
        artifact = AsyncHyphaArtifact(alias, transport=transport)
        await artifact.create({"name": "urls"}, stage=True)
        await artifact.put(TEXT.encode(), "notes/a.txt")
        yield artifact
        faults.clear()
        await artifact.delete(delete_files=True)


async def test_a_url_is_read(artifact: AsyncHyphaArtifact, faults: FaultProxy) -> None:
    url = await artifact.get_file_url("notes/a.txt", version="stage")
    headers = {"X-Who": "me"}
    async with AsyncArtifactHttpFile[str](url, additional_headers=headers) as file:
        assert file.name == "a.txt"
        assert await file.read(5) == "first"
        assert await file.read() == TEXT[5:]
        assert await file.read() == ""
        await file.seek(6)
        assert [line async for line in file] == ["second å\n"]
    assert file.closed
    assert any("x-who: me" in head.lower() for head in faults.heads)
    assert not any("authorization" in h.lower() for h in faults.heads if "/s3" in h)
    async with AsyncArtifactHttpFile[bytes](url, "rb", name="mine") as raw:
        assert raw.name == "mine"
        assert await raw.read() == TEXT.encode()


async def test_a_url_is_written(
    artifact: AsyncHyphaArtifact, faults: FaultProxy
) -> None:
    url = await artifact.get_file_url("new.csv", "w")
    async with AsyncArtifactHttpFile[str](url, "w", content_type="text/x-new") as file:
        assert await file.write("a,b\n") == 4
        await file.write("1,å\n")
    assert file.etag
    *_, sent = (head for head in faults.heads if head.startswith("PUT /s3"))
    assert "text/x-new" in sent
    await artifact.commit()
    assert await artifact.cat("new.csv") == "a,b\n1,å\n"


async def test_nothing_is_sent_after_an_exception(
    artifact: AsyncHyphaArtifact, faults: FaultProxy
) -> None:
    url = await artifact.get_file_url("new.csv", "w")
    before = faults.count("^PUT /s3")

    async def write_half() -> None:
        async with AsyncArtifactHttpFile[str](url, "w") as file:
            await file.write("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write_half()
    assert faults.count("^PUT /s3") == before


async def test_a_factory_gives_a_new_url_when_one_has_expired(
    artifact: AsyncHyphaArtifact, faults: FaultProxy
) -> None:
    made: list[str] = []

    async def factory() -> str:
        made.append(await artifact.get_file_url("notes/a.txt", version="stage"))
        return made[-1]

    faults.add(Fault("^GET /s3", expired=True))
    async with AsyncArtifactHttpFile[str](url_factory=factory) as file:
        assert await file.read() == TEXT
    asked = len(made)
    assert asked == 2
    # A URL that was given cannot be made anew.
    faults.add(Fault("^GET /s3", expired=True, times=None))
    with pytest.raises(StoreError) as refused:
        async with AsyncArtifactHttpFile[str](made[0]) as file:
            await file.read()
    assert "Signature" not in str(refused.value)
    assert len(made) == asked


async def test_a_url_of_nothing(artifact: AsyncHyphaArtifact) -> None:
    url = await artifact.get_file_url("notes/a.txt", version="stage")
    gone = url.replace("a.txt", "none.txt")
    with pytest.raises((NotFound, StoreError)) as missing:
        await AsyncArtifactHttpFile[str](gone)
    assert "none.txt" in str(missing.value)
    with pytest.raises(InvalidInput):
        await AsyncArtifactHttpFile[str]("notes/a.txt")
    with pytest.raises(ValueError, match="needs a URL"):
        AsyncArtifactHttpFile[str]()


async def test_the_blocking_face(artifact: AsyncHyphaArtifact) -> None:
    source = await artifact.get_file_url("notes/a.txt", version="stage")
    target = await artifact.get_file_url("b.txt", "w")

    def copy() -> list[str]:
        file: ArtifactHttpFile[str]
        with ArtifactHttpFile[str](source, "r", "utf-8") as file:
            lines = list(file)
        with ArtifactHttpFile[str](target, "w") as file:
            file.writelines(reversed(lines))
        return lines

    assert await anyio.to_thread.run_sync(copy) == ["first\n", "second å\n"]
    assert await artifact.cat("b.txt", version="stage") == "second å\nfirst\n"
