"""What the network does to a batch, with the real server behind it."""

from __future__ import annotations

import pytest

from hypha_artifact.transfer.state import Action, JobState
from tests.faults import Fault, FaultProxy
from tests.transfer.conftest import Bench, checksums

MIB = 1024 * 1024
PUT = "^PUT /s3/"
GET = "^GET /s3/"

UPLOAD_FAULTS = {
    "429": Fault(PUT, times=5, status=429, headers={"Retry-After": "1"}),
    "503 for a time": Fault(PUT, times=6, status=503, headers={"Retry-After": "1"}),
    "reset deep in a part": Fault(PUT + ".*partNumber", times=2, cut_request=3 * MIB),
    "signing fails": Fault("put_file", times=7, status=503),
    "completion's answer lost": Fault("complete_multipart", lose_answer=True),
}
DOWNLOAD_FAULTS = {
    "429": Fault(GET, times=5, status=429, headers={"Retry-After": "1"}),
    "cut deep in a range": Fault(GET + ".*large", times=2, cut_response=5 * MIB),
    "expired": Fault(GET, times=2, status=403),
    "signing fails": Fault("get_file", times=7, status=503),
}


@pytest.mark.parametrize("name", UPLOAD_FAULTS)
async def test_uploads_survive(faulty: Bench, faults: FaultProxy, name: str) -> None:
    _fill(faulty)
    fault = faults.add(UPLOAD_FAULTS[name])
    group = await faulty.upload()
    counts = await faulty.final(group)
    assert fault.hits == fault.times, "the fault was not met"
    assert counts == {JobState.DONE: 13}
    assert faulty.group(group).done == faulty.group(group).size
    assert await faulty.pending() == []
    faults.clear()
    await faulty.final(await faulty.download())
    assert checksums(faulty.target / "source") == checksums(faulty.source)


@pytest.mark.parametrize("name", DOWNLOAD_FAULTS)
async def test_downloads_survive(faulty: Bench, faults: FaultProxy, name: str) -> None:
    _fill(faulty)
    await faulty.final(await faulty.upload())
    fault = faults.add(DOWNLOAD_FAULTS[name])
    group = await faulty.download()
    counts = await faulty.final(group)
    assert fault.hits == fault.times, "the fault was not met"
    assert counts == {JobState.DONE: 13}
    assert faulty.group(group).done == faulty.group(group).size
    assert checksums(faulty.target / "source") == checksums(faulty.source)
    assert not faulty.leftovers()


async def test_one_file_that_always_fails(faulty: Bench, faults: FaultProxy) -> None:
    _fill(faulty)
    faults.add(Fault(PUT + ".*small-07", times=None, status=403))
    group = await faulty.upload()
    assert await faulty.final(group) == {JobState.DONE: 12, JobState.FAILED: 1}
    failed = [j for j in faulty.client.snapshot().jobs if j.state is JobState.FAILED]
    assert [job.local.name for job in failed] == ["small-07"]
    assert "403" in (failed[0].reason or "")
    assert "X-Amz" not in (failed[0].reason or "")
    faults.clear()
    await faulty.control(Action.RETRY)
    assert await faulty.final(group) == {JobState.DONE: 13}


async def test_a_token_that_is_refused(faulty: Bench, faults: FaultProxy) -> None:
    _fill(faulty)
    plan = await faulty.client.plan(faulty.request())
    faults.add(Fault("artifact-manager", times=None, status=401))
    group = await faulty.client.submit(plan)
    await faulty.until(lambda s: s.count(JobState.PAUSED) == 13)
    assert "token" in (faulty.group(group).error or "")
    faults.clear()
    await faulty.control(Action.RETRY)
    assert await faulty.final(group) == {JobState.DONE: 13}


def _fill(bench: Bench) -> None:
    for number in range(10):
        bench.write(f"small-{number:02}", 5000)
    bench.write("empty", 0)
    bench.write("#odd?.txt", 10)
    bench.write("large", 40 * MIB)
