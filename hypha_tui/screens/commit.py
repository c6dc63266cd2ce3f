"""The commit screen: what readers will see, what stands in its way, and the message."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, TypeAlias

from msgspec import Struct
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea
from typing_extensions import override

from hypha_artifact.models import (
    CommitPreview,
    Fate,
    Finding,
    ResultingFile,
    Severity,
    StageMode,
)
from hypha_artifact.paths import ArtifactId, printable
from hypha_tui.screens.dialog import Dialog
from hypha_tui.state.commit_rows import (
    LETTERS,
    draw,
    fate_rows,
    kind,
    kinds,
    outcome,
    tally,
    wrong_version,
)
from hypha_tui.state.lines import Line
from hypha_tui.state.text import count
from hypha_tui.themes import Symbols
from hypha_tui.widgets.keys_line import KeyHint, KeysLine, Tone
from hypha_tui.widgets.line_list import MOVES, LineList
from hypha_tui.widgets.tick import Bullet, Tick

_NAMED = 3


class CommitDecision(Struct, frozen=True, kw_only=True):
    """What the user wants committed. No ``version`` means the next number."""

    mode: StageMode
    comment: str
    version: str | None = None


class CarryWanted(Struct, frozen=True, kw_only=True):
    """The user wants files of the latest version in the new one before a commit."""

    paths: tuple[str, ...]


CommitAnswer: TypeAlias = CommitDecision | CarryWanted


class Draft(Struct, frozen=True, kw_only=True):
    """What was typed so far."""

    comment: str = ""
    version: str = ""


class FateList(LineList[ResultingFile], inherit_bindings=False):
    """The files with their letters."""

    BINDINGS: ClassVar[list[BindingType]] = [*MOVES]
    DEFAULT_CSS = """
    FateList { height: auto; min-height: 3; background: $panel; }
    """


class CommitScreen(Dialog[CommitAnswer | None]):
    """Nothing is committed before every question has its yes.

    What was typed stays for the next time until ``forget`` is called.

    Args:
        preview: What a commit would do.
        symbols: The set to draw with.
    """

    drafts: ClassVar[dict[ArtifactId, Draft]] = {}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Keep draft"),
        Binding("ctrl+d,ctrl+enter", "commit", "Commit", priority=True),
        Binding("k", "carry", show=False),
        Binding("a,A", "fate('new')", show=False),
        Binding("m,M", "fate('changed')", show=False),
        Binding("d,D", "fate('gone')", show=False),
        Binding("equals_sign", "fate('kept')", show=False),
        Binding("asterisk", "fate('')", show=False),
    ]
    DEFAULT_CSS = """
    CommitScreen {
        & > #dialog { max-width: 110; }
        #outcome { text-style: bold; }
        #kind { color: $text-muted; }
        #fates { margin-top: 1; }
        .blocks { color: $text-error; text-style: bold; }
        .note { color: $text-muted; }
        #message { height: 2; }
        #named { height: 1; }
        #named > Static { width: 26; }
        #version { width: 1fr; }
        &.-compact > #dialog { width: 98%; }
        &.-tall .label { margin-top: 1; }
        &.-tall #message { height: 4; }
        &.-tall #named { height: 2; padding-top: 1; }
        &.-tall #named > .label { margin-top: 0; }
    }
    """

    def __init__(self, preview: CommitPreview, *, symbols: Symbols) -> None:
        artifact = preview.state.artifact
        super().__init__(f"Commit {artifact.id}", symbols=symbols)
        self._preview = preview
        self._artifact = artifact
        self._mode = preview.state.mode or next(iter(kinds(artifact)))
        self._fate: Fate | None = None
        self._files = FateList(self._draw, _path, id="files")
        self.list = self._files
        self._fates = KeysLine(self._fate_hints(), id="fates", gap=1)
        self._message = TextArea(id="message", placeholder="What changed, and why")
        hint = "none" if artifact.is_git else artifact.next_version
        self._version = Input(placeholder=hint, id="version")
        self._ticks = [
            Tick(_said(finding), classes="question") for finding in preview.questions
        ]

    @classmethod
    def forget(cls, artifact_id: ArtifactId) -> None:
        """Drop what was typed: it is committed."""
        cls.drafts.pop(artifact_id, None)

    @override
    def body(self) -> ComposeResult:
        yield Static(Content(outcome(self._preview)), id="outcome")
        yield from self._kind()
        yield self._fates
        yield self._files
        yield from self._findings()
        yield Static(Content("Message"), classes="label")
        yield self._message
        with Horizontal(id="named"):
            name = "Tag" if self._artifact.is_git else "Name of the new version"
            yield Static(Content(name), classes="label")
            yield self._version

    def _kind(self) -> Iterable[Widget]:
        state = self._preview.state
        if state.mode is not None:
            yield Static(Content(kind(state)), id="kind")
            return
        for mode, text in kinds(self._artifact).items():
            on = mode is self._mode
            yield Tick(text, shape="circle", on=on, id=mode.name, classes="kind")

    def _findings(self) -> Iterable[Widget]:
        findings = self._preview.findings
        blocking = (f for f in findings if f.severity is Severity.BLOCKS)
        notes = (f for f in findings if f.severity is Severity.NOTE)
        yield Static()
        yield from (Bullet(" !", _said(f), classes="blocks") for f in blocking)
        yield from self._ticks
        yield from (Bullet(" -", _said(f), classes="note") for f in notes)

    @override
    def on_mount(self) -> None:
        """Show all files; go to what has to be answered first."""
        draft = self.drafts.get(self._artifact.artifact_id, Draft())
        self._message.text = draft.comment
        self._version.value = draft.version
        self._show_mode()
        self.action_fate("")
        self._say_keys()
        first = [*self._ticks, self._message]
        (self._files if self._preview.blocked else first[0]).focus()

    # The files.

    @override
    def room(self, height: int) -> int:
        return height // 2 - 8

    def _draw(self, row: ResultingFile, width: int) -> Line:
        return draw(row, width, self.symbols, self._preview.state)

    def _fate_hints(self) -> list[KeyHint]:
        def hint(key: str, label: str, fate: Fate | None) -> KeyHint:
            tone: Tone = "main" if fate is self._fate else "plain"
            name = fate.value if fate else ""
            return KeyHint(key=key, label=label, action=f"fate('{name}')", tone=tone)

        letters = ((fate, letter) for fate, (letter, _) in LETTERS.items())
        some = [hint(key, tally(self._preview, fate), fate) for fate, key in letters]
        return [*some, hint("*", "all", None)]

    def action_fate(self, name: str) -> None:
        """Show only the files of one fate; of all, when the name is empty."""
        self._fate = Fate(name) if name else None
        self._files.set_rows(fate_rows(self._preview, self._fate))
        self._files.move_to(0)
        empty = f"No file is {name}." if name else "No files."
        self._files.set_empty((((empty, "muted"),),))
        self._fates.show(self._fate_hints())

    # Kind, questions, version.

    @on(Tick.Turned, ".kind")
    def _kind_chosen(self, event: Tick.Turned) -> None:
        self._mode = StageMode[event.tick.id or ""]
        for tick in self.query(".kind").results(Tick):
            tick.set_on(on=tick is event.tick)
        self._show_mode()

    def _show_mode(self) -> None:
        new = self._mode is not StageMode.IN_PLACE
        self.query_one("#named").display = new

    @on(Tick.Turned, ".question")
    @on(Input.Changed)
    def _changed(self) -> None:
        self._say_keys()

    @property
    def _version_error(self) -> str | None:
        if self._mode is StageMode.IN_PLACE:
            return None
        return wrong_version(self._version.value, self._artifact)

    def refusal(self) -> str:
        """Say why it cannot be committed yet; empty when it can."""
        if self._opens:
            return ""
        if self._preview.blocked:
            return "It cannot be committed: see the lines with a '!'."
        left = sum(not tick.is_on for tick in self._ticks)
        if left:
            return f"Say yes to what is not ticked yet ({left}): Space on its line."
        return self._version_error or ""

    @property
    def _opens(self) -> bool:
        """Whether there is no stage yet: then the answer is the kind to open."""
        return self._preview.state.mode is None

    def _say_keys(self) -> None:
        refusal = self.refusal()
        self.note(refusal)
        tone: Tone = "off" if refusal else "main"
        label = "Open the stage" if self._opens else "Commit"
        self.keys_line.show(
            (
                KeyHint(key="^D", label=label, action="commit", tone=tone),
                *self._carry_hint(),
                KeyHint(key="Esc", label="Keep draft", action="leave"),
                KeyHint(key="Tab", label="Next", action="app.focus_next"),
            )
        )

    @property
    def _left_out(self) -> tuple[str, ...]:
        findings = self._preview.findings
        return next((f.paths for f in findings if f.code == "not_carried"), ())

    def _carry_hint(self) -> Iterable[KeyHint]:
        if self._left_out:
            what = count(len(self._left_out), "file")
            yield KeyHint(key="k", label=f"Carry {what} over", action="carry")

    # Answers.

    def _keep_draft(self) -> None:
        draft = Draft(comment=self._message.text, version=self._version.value)
        self.drafts[self._artifact.artifact_id] = draft

    def action_commit(self) -> None:
        """Answer with the decision, unless something stands in its way.

        Without an open stage, the decision is about the kind to open.
        """
        if self.refusal():
            return
        self._keep_draft()
        new = self._mode is not StageMode.IN_PLACE
        decision = CommitDecision(
            mode=self._mode,
            comment=self._message.text.strip(),
            version=(self._version.value or None) if new else None,
        )
        self.dismiss(decision)

    def action_carry(self) -> None:
        """Answer that the files left out shall be carried into the new version."""
        if self._left_out:
            self._keep_draft()
            self.dismiss(CarryWanted(paths=self._left_out))

    @override
    def action_leave(self) -> None:
        """Close; what was typed is there again the next time."""
        self._keep_draft()
        self.dismiss(None)


def _path(row: ResultingFile) -> str:
    return row.path


def _said(finding: Finding) -> str:
    text = printable(finding.text)
    if finding.severity is not Severity.BLOCKS or not finding.paths:
        return text
    names = ", ".join(map(printable, finding.paths[:_NAMED]))
    more = len(finding.paths) - _NAMED
    return f"{text} ({names}{f' and {more:,} more' if more > 0 else ''})"
