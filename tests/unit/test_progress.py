from __future__ import annotations

from hypha_artifact.paths import ArtifactId
from hypha_artifact.transfer.state import Direction, GroupView, JobState, Snapshot
from hypha_tui.state.progress import compare, verdict

LAB = ArtifactId("ws", "lab")


def group(direction: Direction = Direction.UPLOAD, **counts: int) -> GroupView:
    states = {JobState[name.upper()]: n for name, n in counts.items()}
    return GroupView(
        id=1,
        title="t",
        direction=direction,
        artifact=LAB,
        size=9,
        done=9,
        counts=states,
    )


def shot(view: GroupView) -> Snapshot:
    return Snapshot(groups=(view,))


def test_a_finished_file_means_new_rows() -> None:
    news = compare(shot(group(running=2)), shot(group(running=1, done=1)))
    assert news.artifacts == {LAB}
    assert not news.ended


def test_progress_alone_is_no_news() -> None:
    assert not compare(shot(group(queued=2)), shot(group(running=2))).is_any


def test_a_batch_ends_once() -> None:
    done = shot(group(done=2))
    news = compare(shot(group(running=1, done=1)), done)
    assert news.ended == done.groups
    assert not compare(done, done).ended


def test_downloads_make_local_rows() -> None:
    news = compare(Snapshot(), shot(group(Direction.DOWNLOAD, done=1, running=1)))
    assert news.local
    assert not news.artifacts


def test_news_add_up() -> None:
    first = compare(Snapshot(), shot(group(done=1)))
    second = compare(Snapshot(), shot(group(Direction.DOWNLOAD, done=1)))
    both = first | second
    assert both.local
    assert both.artifacts == {LAB}
    assert len(both.ended) == 2


def test_the_verdict_counts_what_went_wrong() -> None:
    text, well = verdict(group(done=3))
    assert well
    assert "3 files uploaded" in text
    text, well = verdict(group(done=1, failed=2, cancelled=1))
    assert not well
    assert "2 FAILED" in text
    assert "1 cancelled" in text
