"""One connection to a server: calls through httpx, bytes through a pool of their own.

The only module that imports httpx.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
from ssl import SSLCertVerificationError
from time import time
from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec
import stamina

from hypha_artifact._api.auth import require_fresh
from hypha_artifact._api.endpoints import Call
from hypha_artifact._api.identity import who
from hypha_artifact._api.refusals import not_trusted, refusal, store_refusal
from hypha_artifact._api.retry import (
    FIRST_WAIT,
    LONGEST_WAIT,
    TRIES,
    may_repeat,
    was_not_done,
)
from hypha_artifact.errors import (
    HyphaError,
    InvalidInput,
    NetworkError,
    NetworkTimeout,
    ServerFault,
    SignInRequired,
    Unreachable,
)
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.tokens import claims_of

if TYPE_CHECKING:
    from hypha_artifact._api.pool import BytePool

# Its warnings of retries would go to the terminal of a program without logging.
logging.getLogger("stamina").addHandler(logging.NullHandler())

T = TypeVar("T")
_CONNECT, _IDLE = 10.0, 65.0
_ERROR_BODY = 4096
_UNHANDLED = "Internal Server Error"
# These describe one request's bytes; the same ones for all would damage files.
_OF_ONE_BODY = {"content-length", "content-md5", "range", "transfer-encoding"}
# HTTP_PROXY is often set without NO_PROXY; a proxy cannot reach this machine's own.
_NEVER_PROXIED: dict[str, httpx.AsyncBaseTransport | None] = {
    "all://127.0.0.1": None,
    "all://localhost": None,
    "all://[::1]": None,
}


class Transport:
    """Connections to one server, on one event loop; an async context manager.

    Calls carry the token; bytes go through a pool of their own that never sees it,
    because a presigned URL with an Authorization header is refused.

    Args:
        settings: Where to connect, and as whom.
        connections: Most connections in either pool.
    """

    def __init__(self, settings: ConnectionSettings, *, connections: int = 32) -> None:
        self.settings = settings
        self._expires = claims_of(settings.token).exp
        # The same certificates are trusted for calls and for bytes.
        self._trust = httpx.create_ssl_context() if settings.verify else False
        limits = httpx.Limits(
            max_connections=connections, max_keepalive_connections=connections
        )
        timeout = httpx.Timeout(_IDLE, connect=_CONNECT, pool=None)
        self._calls = httpx.AsyncClient(
            headers=self._authorisation(),
            limits=limits,
            timeout=timeout,
            verify=self._trust,
            mounts=_NEVER_PROXIED,
        )
        self._connections = connections
        self._pool: BytePool | None = None

    def _authorisation(self) -> dict[str, str]:
        token = self.settings.token
        return {"Authorization": f"Bearer {token}"} if token else {}

    def sign_in(self, settings: ConnectionSettings) -> None:
        """Use another token from now on, for the same server.

        Args:
            settings: As before, but for the token.
        """
        self.settings = settings
        self._expires = claims_of(settings.token).exp
        self._calls.headers.pop("Authorization", None)
        self._calls.headers.update(self._authorisation())

    def _byte_headers(self) -> dict[str, str]:
        additional = self.settings.additional_headers.items()
        return {name: v for name, v in additional if name.lower() not in _OF_ONE_BODY}

    @property
    def client(self) -> httpx.AsyncClient:
        """The client of the calls; it sends the token along."""
        return self._calls

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._calls.aclose()
        if self._pool is not None:
            await self._pool.aclose()

    async def call(self, call: Call[T]) -> T:
        """Send a call to a service of the server and read its answer.

        Raises:
            SignInRequired: The token has expired, or is not accepted.
            ServiceError: The server refused.
            NetworkError: No answer.
        """
        try:
            return await self._call_again(call)
        except ServerFault as error:
            if error.detail != _UNHANDLED or not await self._is_revoked():
                raise
            raise SignInRequired(
                f"{call.subject}: the server fails on this token, and on no call "
                "without it: the token was revoked.",
                status=error.status,
                detail=error.detail,
            ) from error

    async def _is_revoked(self) -> bool:
        """Tell whether the server fails on the token, whatever is asked.

        A revoked token is an unhandled error to it (Hypha 0.21).
        """
        if not self.settings.token:
            return False
        try:
            mine = await self._ask_who(as_nobody=False)
            if mine != HTTPStatus.INTERNAL_SERVER_ERROR:
                return False
            return await self._ask_who(as_nobody=True) == HTTPStatus.OK
        except NetworkError:
            return False

    async def _ask_who(self, *, as_nobody: bool) -> int:
        """Return the status of the simplest call there is."""
        call = who()
        url = f"{self.settings.server_url}{call.path}"
        # The server hangs up after such an error, so the connection may be a dead one.
        async for attempt in stamina.retry_context(
            on=NetworkError, attempts=TRIES, wait_initial=FIRST_WAIT
        ):
            with attempt, _network_errors(call.subject):
                request = self._calls.build_request(call.verb, url)
                if as_nobody:
                    request.headers.pop("Authorization")
                return (await self._calls.send(request)).status_code
        raise AssertionError  # pragma: no cover - stamina raises or returns

    async def _call_again(self, call: Call[T]) -> T:
        """Send a call, and send it again where that helps."""
        require_fresh(self._expires, time())
        on = may_repeat if call.repeatable else was_not_done
        async for attempt in stamina.retry_context(
            on=on,
            attempts=TRIES,
            timeout=None,
            wait_initial=FIRST_WAIT,
            wait_max=LONGEST_WAIT,
            wait_jitter=FIRST_WAIT,
        ):
            with attempt:
                return await self._call_once(call)
        raise AssertionError  # pragma: no cover - stamina raises or returns

    async def _call_once(self, call: Call[T]) -> T:
        body = msgspec.json.encode(call.arguments, enc_hook=str)
        url = f"{self.settings.server_url}{call.path}"
        with _network_errors(call.subject):
            response = await self._calls.request(
                call.verb,
                url,
                content=body if call.verb == "POST" else None,
                headers={"Content-Type": "application/json"},
                timeout=httpx.Timeout(call.timeout, connect=_CONNECT, pool=None),
            )
        if response.status_code != HTTPStatus.OK:
            raise refusal(
                call.subject, response.status_code, response.headers, response.content
            )
        try:
            return msgspec.json.decode(response.content, type=call.answer)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise ServerFault(
                f"{call.subject}: the server's answer was not understood ({error}).",
                status=response.status_code,
            ) from error

    async def put(
        self,
        url: str,
        body: bytes | AsyncIterator[bytes],
        headers: Mapping[str, str],
        *,
        subject: str,
        signed: bool,
    ) -> Mapping[str, str]:
        """Send bytes and return the answer's headers, whose names know any case.

        Args:
            url: A presigned URL, or a file endpoint of the server.
            body: The bytes; ``headers`` must have their Content-Length.
            headers: Sent as they are.
            subject: What for, for error texts.
            signed: Whether the URL is presigned; else the token is sent.
        """
        async with self._bytes.request(
            "PUT", url, self._headers(headers, signed), subject=subject, body=body
        ) as reply:
            content = await reply.read(_ERROR_BODY)
            if reply.status != HTTPStatus.OK:
                name = store_refusal if signed else refusal
                raise name(subject, reply.status, reply.headers, content)
            return reply.headers

    @asynccontextmanager
    async def get(
        self, url: str, headers: Mapping[str, str], *, subject: str, signed: bool
    ) -> AsyncGenerator[Answer]:
        """Open a body to read; arguments as for ``put``."""
        async with self._bytes.request(
            "GET", url, self._headers(headers, signed), subject=subject
        ) as reply:
            if reply.status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
                start = await reply.read(_ERROR_BODY)
                name = store_refusal if signed else refusal
                raise name(subject, reply.status, reply.headers, start)
            yield Answer(reply.headers, reply.pieces())

    def _headers(self, headers: Mapping[str, str], signed: bool) -> Mapping[str, str]:  # noqa: FBT001
        return headers if signed else {**headers, **self._authorisation()}

    @property
    def _bytes(self) -> BytePool:
        if self._pool is None:
            # aiohttp takes a tenth of a second to import, which most calls can spare.
            from hypha_artifact._api.pool import BytePool  # noqa: PLC0415

            self._pool = BytePool(
                connections=self._connections,
                verify=self._trust,
                connect=_CONNECT,
                idle=_IDLE,
                headers=self._byte_headers(),
            )
        return self._pool


class Answer(msgspec.Struct, frozen=True):
    """A body that is being read: headers, whose names know any case, and its bytes."""

    headers: Mapping[str, str]
    pieces: AsyncIterator[bytes]


@contextmanager
def _network_errors(subject: str) -> Generator[None]:
    """Turn every exception of httpx into one of ours, most specific first."""
    try:
        yield
    except HyphaError:
        raise  # from the source of a body
    except httpx.TimeoutException as error:
        raise NetworkTimeout(f"{subject}: no answer in time.") from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise InvalidInput(f"{subject}: the URL is not valid.") from error
    except httpx.ConnectError as error:
        host = urlsplit(str(error.request.url)).netloc
        if (refused := _certificate(error)) is not None:
            raise not_trusted(subject, host, refused) from error
        raise Unreachable(f"{subject}: no connection to {host} ({error}).") from error
    except httpx.TransportError as error:
        why = str(error) or type(error).__name__
        raise NetworkError(f"{subject}: the connection broke ({why}).") from error
    except httpx.HTTPError as error:
        raise HyphaError(f"{subject}: {error}") from error


def _certificate(error: BaseException | None) -> SSLCertVerificationError | None:
    """Find what was wrong with a certificate, as httpx wraps that."""
    while error is not None and not isinstance(error, SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error
