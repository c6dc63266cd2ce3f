"""The command line without a server: spellings, help, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

import click
import pytest
from click.testing import CliRunner

from hypha_artifact import errors
from hypha_artifact.cli import main
from hypha_artifact.cli.choices import Choices
from hypha_artifact.cli.commands.transfers import STATES, transfers
from hypha_artifact.cli.messages import Status, errors_as_messages, exit_status
from hypha_artifact.cli.spelling import Spelling
from hypha_artifact.cli.table import PLACES
from hypha_artifact.transfer.state import JobState

PARAMS = [
    click.Option(["--recursive/--no-recursive", "-r"]),
    click.Option(["--force"], is_flag=True),
    click.Option(["--use-local-url/--no-use-local-url"], default=None),
    click.Option(["-m", "--message"]),
    click.Option(["--max-depth", "--maxdepth"], type=int),
]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["a", "--recursive=True", "b"], ["a", "--recursive", "b"]),
        (["a", "--recursive", "True"], ["a", "--recursive"]),
        (["--recursive=False", "a"], ["--no-recursive", "a"]),
        (["--norecursive"], ["--no-recursive"]),
        (["--force=False", "--force"], ["--force"]),
        (["--max_depth=2"], ["--max-depth=2"]),
        (["--maxdepth=None"], []),
        (["-m", "--recursive=True"], ["-m", "--recursive=True"]),
        (["--message", "--a_b"], ["--message", "--a_b"]),
        (["--", "--recursive=True"], ["--", "--recursive=True"]),
        (["--use_local_url=http://s3"], ["--local-url=http://s3"]),
        (["--rpath=b", "a", "-r"], ["a", "-r", "b"]),
        (["--rpath", "b", "--lpath", "a"], ["a", "b"]),
        (["--rpath=b", "--", "-a"], ["b", "--", "-a"]),
        (["--un_known"], ["--un-known"]),
    ],
)
def test_older_spellings_mean_what_they_meant(
    written: Sequence[str], meant: Sequence[str]
) -> None:
    assert Spelling(PARAMS, ["lpath", "rpath"]).modern(written) == meant


def test_a_switch_takes_no_other_word() -> None:
    with pytest.raises(click.UsageError, match="--force is yes or no, not 'maybe'"):
        Spelling(PARAMS).modern(["--force=maybe"])


def test_options_before_the_command_leave_the_rest_alone() -> None:
    spelling = Spelling(PARAMS, interspersed=False)
    written = ["--max_depth", "2", "ls", "--max_depth=3"]
    assert spelling.modern(written) == ["--max-depth", "2", "ls", "--max_depth=3"]


def test_an_option_after_the_command_wins_singly() -> None:
    before = Choices(artifact_id="a", workspace="w", use_proxy=True)
    given = {"workspace": "v", "artifact_id": None, "use_proxy": False, "quiet": False}
    after = before.updated(given)
    assert after == Choices(artifact_id="a", workspace="v", use_proxy=False)


@pytest.mark.parametrize("name", sorted(PLACES))
def test_every_command_has_help_with_examples(name: str) -> None:
    made = main.get_command(click.Context(main), name)
    assert made is not None
    assert made.name == name
    assert (made.help or "").splitlines()[0] == PLACES[name].summary
    shown = CliRunner().invoke(main, [name, "--help"])
    assert shown.exit_code == 0
    assert "Examples:" in shown.output


@pytest.mark.parametrize("name", sorted(transfers.commands))
def test_every_command_of_transfers_has_help_with_examples(name: str) -> None:
    made = transfers.commands[name]
    first = (made.help or "").splitlines()[0]
    assert made.get_short_help_str(80) == first.removesuffix(".") + "."
    shown = CliRunner().invoke(main, ["transfers", name, "--help"])
    assert shown.exit_code == 0
    assert f"hypha-artifact transfers {name}" in shown.output


def test_files_of_transfers_are_chosen_by_any_state() -> None:
    assert set(STATES) == {state.value for state in JobState}


def test_help_loads_nothing_slow() -> None:
    some = [[], *([name] for name in sorted(PLACES)), ["transfers", "files"]]
    code = (
        "import sys, click\n"
        "from hypha_artifact.cli import main\n"
        f"for name in {some!r}:\n"
        "    try: main([*name, '--help'])\n"
        "    except SystemExit as end: assert end.code == 0\n"
        "slow = {'httpx', 'msgspec', 'anyio', 'rich', 'humanize', 'dotenv'}\n"
        "print(sorted(slow & sys.modules.keys()), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"


def test_an_unknown_command_is_told_with_the_nearest_ones() -> None:
    for words, meant in (
        (["localservre"], "localserver"),
        (["transfers", "pasue"], "pause"),
    ):
        done = CliRunner().invoke(main, words)
        assert done.exit_code == Status.USAGE
        assert f"Did you mean {meant}?" in done.output


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.NotFound("x"), Status.NOT_FOUND),
        (errors.SignInRequired("x"), Status.NO_PERMISSION),
        (errors.PermissionDenied("x"), Status.NO_PERMISSION),
        (errors.AlreadyExists("x"), Status.CONFLICT),
        (errors.NotStaged("x"), Status.CONFLICT),
        (errors.CommitBlocked("x"), Status.CONFLICT),
        (errors.NetworkTimeout("x"), Status.NETWORK),
        (errors.NotConfigured("x"), Status.USAGE),
        (errors.ServerFault("x"), Status.FAILED),
        (FileNotFoundError("x"), Status.NOT_FOUND),
        (OSError("x"), Status.FAILED),
        (KeyboardInterrupt(), Status.INTERRUPTED),
    ],
)
def test_each_error_has_its_exit_status(error: BaseException, status: Status) -> None:
    assert exit_status(error) is status


def test_an_error_is_told_safely_for_people_and_for_programs(
    capfd: pytest.CaptureFixture[str],
) -> None:
    for as_json in (False, True):
        with (
            pytest.raises(click.exceptions.Exit),
            errors_as_messages(as_json=as_json),
        ):
            raise errors.NotFound("no '\x1b[2J'", hint="Look.", status=404)
    plain, told = capfd.readouterr().err.splitlines()
    assert plain == r"Error: no '\x1b[2J' Look."
    assert json.loads(told)["error"] == {
        "kind": "NotFound",
        "message": "no '\x1b[2J'",
        "hint": "Look.",
        "exit_code": 3,
    }
