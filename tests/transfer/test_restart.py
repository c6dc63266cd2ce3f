"""The server goes away in the middle of a batch, and comes back."""

from __future__ import annotations

from pathlib import Path

from hypha_artifact.localserver import LocalServer
from hypha_artifact.transfer.state import Action, JobState
from tests.transfer.conftest import checksums, open_bench

MIB = 1024 * 1024


async def test_a_server_that_is_started_again_in_the_middle(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with LocalServer(data=data) as first:
        settings, port = first.settings, int(first.url.rpartition(":")[2])
        s3_port = int(first.store.url.rpartition(":")[2])
        async with open_bench(settings, settings, tmp_path) as bench:
            for number in range(300):
                bench.write(f"small-{number:03}", 20_000)
            bench.write("large", 120 * MIB)
            group = await bench.upload()
            await bench.until(
                lambda s: s.count(JobState.DONE) > 5 and s.upload_rate > 0
            )
            await first.__aexit__(None, None, None)
            await bench.until(lambda s: s.count(JobState.WAITING, JobState.FAILED) > 0)
            waiting = bench.client.snapshot().jobs
            assert any(job.reason for job in waiting)
            async with LocalServer(data=data, port=port, s3_port=s3_port):
                counts = await bench.final(group)
                if counts != {JobState.DONE: 301}:
                    await bench.control(Action.RETRY)
                assert await bench.final(group) == {JobState.DONE: 301}
                assert await bench.pending() == []
                await bench.final(await bench.download())
            assert checksums(bench.target / "source") == checksums(bench.source)
