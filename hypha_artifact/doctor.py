"""What is wrong with a connection, its rights, or a stage: one check after another.

Nothing is changed by looking. No check shows a token or a signed URL.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from time import time
from urllib.parse import urlsplit

import anyio
import msgspec
from msgspec import Struct, structs

from hypha_artifact._api.identity import ServerConfig
from hypha_artifact._api.transport import Transport
from hypha_artifact.errors import HyphaError
from hypha_artifact.keychain import Keychain
from hypha_artifact.models import ChangeKind
from hypha_artifact.paths import RemotePath, printable
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.settings import ConnectionSettings, Found
from hypha_artifact.staging import read_stage
from hypha_artifact.workspace import AsyncHyphaWorkspace

_SKEW = 60.0
_SOON = 86400.0
_MAX_CONFIG = 1 << 20


class Result(Enum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


class Check(Struct, frozen=True, kw_only=True):
    """One check: what was found, and what to do about it."""

    name: str
    result: Result = Result.OK
    text: str
    todo: str = ""


class Doctor:
    """Examines a connection.

    Args:
        find: Gives what is set, and where each value is from.
        artifact: An artifact to look at, ``alias`` or ``workspace/alias``; for the
            store, any other of the workspace will do.
    """

    def __init__(self, find: Callable[[], Found], artifact: str | None = None) -> None:
        self._find = find
        self._name = artifact

    async def checks(self) -> AsyncIterator[Check]:
        """Look at one thing after another, and stop where nothing more can work."""
        yield await _tried("tokens", _keyring)
        try:
            found = self._find()
            for name in sorted(found.sources):
                yield _setting(found, name)
            settings = found.settings()
        except HyphaError as error:
            yield _failed("settings", error)
            return
        yield await _tried("name", lambda: _resolve(settings))
        async with Transport(structs.replace(settings, token=None)) as nobody:
            for check in await _server(nobody):
                yield check
                if check.result is Result.FAILED:
                    return
        async with Transport(settings) as transport:
            space = AsyncHyphaWorkspace(transport=transport)
            async for check in self._account(space):
                yield check

    async def _account(self, space: AsyncHyphaWorkspace) -> AsyncIterator[Check]:
        token = await _tried("token", lambda: _token(space))
        yield token
        if token.result is Result.FAILED:
            return
        yield await _tried("workspace", lambda: _workspace(space))
        if self._name:
            name = self._name
            yield await _tried("artifact", lambda: _rights(space, name))
            yield await _tried("stage", lambda: _stage(space, name))
        store = await _tried("store", lambda: self._store(space))
        if store.result is Result.FAILED:
            also = "Or try the other way: --use-proxy or --no-use-proxy."
            store = structs.replace(store, todo=f"{store.todo} {also}".strip())
        yield store

    async def _store(self, space: AsyncHyphaWorkspace) -> Check:
        sample = await self._sample(space)
        if sample is None:
            return Check(
                name="store",
                result=Result.SKIPPED,
                text="There is no file to try it with.",
                todo="Name an artifact with files: doctor -a WORKSPACE/ALIAS",
            )
        remote, path = sample
        link = (await remote.sign_downloads([path], expires_in=60))[path]
        async with remote.fetch(link, 0, 1) as body:
            count = sum([len(piece) async for piece in body.chunks])
        host = urlsplit(link.url).netloc
        text = f"Gave {count} byte of {remote.id}/{printable(path)} from {host}."
        return Check(name="store", text=text)

    async def _sample(
        self, space: AsyncHyphaWorkspace
    ) -> tuple[RemoteArtifact, RemotePath] | None:
        names = [self._name] if self._name else []
        if not names:
            listed = await space.list_artifacts()
            names = [a.id for a in listed if a.latest and a.file_count][:3]
        for name in names:
            remote = await space.artifact(name)
            async for path, entry in remote.walk():
                if entry.size:
                    return remote, path
        return None


async def _keyring() -> Check:
    place = await anyio.to_thread.run_sync(Keychain().place)
    return Check(name="tokens", text=f"New ones are kept in {place.text}.")


def _setting(found: Found, name: str) -> Check:
    value = "set" if name == "HYPHA_TOKEN" else printable(found.values[name])
    text = f"{value}, from {printable(found.sources[name])}"
    if name == "HYPHA_DISABLE_SSL" and not found.settings().verify:
        todo = "Anyone on the way can read the token: use it for tests only."
        return Check(name=name, result=Result.WARNING, text=text, todo=todo)
    return Check(name=name, text=text)


async def _tried(name: str, check: Callable[[], Awaitable[Check]]) -> Check:
    try:
        return await check()
    except HyphaError as error:
        return _failed(name, error)


def _failed(name: str, error: HyphaError) -> Check:
    return Check(name=name, result=Result.FAILED, text=error.message, todo=error.hint)


async def _resolve(settings: ConnectionSettings) -> Check:
    host = urlsplit(settings.server_url).hostname or ""
    try:
        found = await anyio.getaddrinfo(host, None)
    except (OSError, UnicodeError) as error:
        return Check(
            name="name",
            result=Result.WARNING,
            text=f"'{printable(host)}' has no address: {error}.",
            todo="Check how it is written, the network, and HTTPS_PROXY.",
        )
    addresses = ", ".join(dict.fromkeys(str(entry[4][0]) for entry in found))
    return Check(name="name", text=f"{host} is {addresses}.")


async def _server(transport: Transport) -> list[Check]:
    url = f"{transport.settings.server_url}/assets/config.json"
    started = time()
    try:
        async with transport.get(url, {}, subject="server", signed=False) as answer:
            body = b""
            async for piece in answer.pieces:
                body = (body + piece)[:_MAX_CONFIG]
            date = answer.headers.get("date", "")
    except HyphaError as error:
        return [_failed("server", error)]
    took = time() - started
    try:
        version = msgspec.json.decode(body, type=ServerConfig).hypha_version
    except (msgspec.MsgspecError, UnicodeDecodeError):
        version = ""
    if not version:
        return [
            Check(
                name="server",
                result=Result.FAILED,
                text=f"{transport.settings.server_url} is no Hypha server.",
                todo="Check HYPHA_SERVER_URL.",
            )
        ]
    told = f"Hypha {printable(version)} answered in {took * 1000:.0f} ms."
    return [Check(name="server", text=told), _clock(date, started + took / 2)]


def _clock(date: str, now: float) -> Check:
    try:
        skew = now - parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        return Check(
            name="clock", result=Result.SKIPPED, text="The server tells no time."
        )
    if abs(skew) <= _SKEW:
        return Check(name="clock", text="It goes right, to a minute.")
    side = "ahead of" if skew > 0 else "behind"
    return Check(
        name="clock",
        result=Result.WARNING,
        text=f"This machine's is {abs(skew):.0f} s {side} the server's.",
        todo="Set it: tokens would seem to expire too early or too late.",
    )


async def _token(space: AsyncHyphaWorkspace) -> Check:
    user = await space.whoami()
    if user.is_anonymous:
        return Check(
            name="token",
            result=Result.WARNING,
            text="There is none: only what is public can be read.",
            todo="Sign in: hypha-artifact login",
        )
    who = f"Good for {printable(user.email or user.person)}"
    if user.expires_at is None:
        return Check(name="token", text=f"{who}, without an end.")
    left = user.expires_at - time()
    when = datetime.fromtimestamp(user.expires_at).astimezone()
    return Check(
        name="token",
        result=Result.OK if left > _SOON else Result.WARNING,
        text=f"{who} until {when:%Y-%m-%d %H:%M}.",
        todo="" if left > _SOON else "Sign in again soon: hypha-artifact login",
    )


async def _workspace(space: AsyncHyphaWorkspace) -> Check:
    rights = await space.rights()
    name = printable(rights.subject)
    if rights.level:
        words = {"r": "read", "rw": "read and write", "a": "administer"}
        text = f"You may {words[rights.level]} in {name}."
        return Check(name="workspace", text=text)
    return Check(
        name="workspace",
        result=Result.WARNING,
        text=f"The token gives no rights in {name}; artifacts may give their own.",
        todo=f"If it is yours: hypha-artifact login --workspace {name}",
    )


async def _rights(space: AsyncHyphaWorkspace, name: str) -> Check:
    rights = await space.rights(name)
    kinds = {
        "read": rights.can_read,
        "stage": rights.can_edit,
        "commit": rights.can_commit,
        "delete": rights.can_delete,
    }
    may = ", ".join(kind for kind, allowed in kinds.items() if allowed) or "nothing"
    may_not = ", ".join(kind for kind, allowed in kinds.items() if not allowed)
    return Check(
        name="artifact",
        result=Result.WARNING if may_not else Result.OK,
        text=f"{printable(rights.subject)}: you may {may}"
        + (f"; not {may_not}." if may_not else "."),
        todo="Ask its owner, if you need that." if may_not else "",
    )


async def _stage(space: AsyncHyphaWorkspace, name: str) -> Check:
    remote = await space.artifact(name)
    state = await read_stage(remote)
    if state.mode is None:
        return Check(name="stage", text="None is open.")
    pending = state.count(ChangeKind.PENDING)
    text = f"One is open ({state.mode.value}) with {len(state.changes)} changes."
    if not pending:
        return Check(name="stage", text=text)
    return Check(
        name="stage",
        result=Result.FAILED,
        text=f"{text} {pending} files were announced, but are not there: a commit "
        "would fail.",
        todo="Upload them again, or discard the stage: hypha-artifact discard",
    )
