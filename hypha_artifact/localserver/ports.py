"""Ports on this machine: which one is free, and who answers on it."""

from __future__ import annotations

import http.client
import json
import secrets
import socket
from collections.abc import Mapping
from contextlib import closing

from hypha_artifact.errors import InvalidInput, LocalServerError

HOST = "127.0.0.1"
_FIRST, _LAST = 20_000, 32_000
_TRIES = 100


def free_ports(wanted: int | None, wanted_too: int | None) -> tuple[int, int]:
    """Choose two ports that nobody listens on.

    Args:
        wanted: The only first one that will do; None for any. Any one lies below the
            range that the system gives to outgoing connections, so none of those
            takes it before the server does.
        wanted_too: The same for the second one.

    Raises:
        InvalidInput: Both are to be the same.
        LocalServerError: One is in use, or may not be used.
    """
    if wanted is not None and wanted == wanted_too:
        message = f"Port {wanted} cannot serve both Hypha and the object store."
        raise InvalidInput(message, hint="Give two different ports.")
    first = _free_port(wanted, taken=wanted_too)
    return first, _free_port(wanted_too, taken=first)


def _free_port(wanted: int | None, *, taken: int | None) -> int:
    if wanted is not None:
        if error := _refusal(wanted):
            raise LocalServerError(
                f"Port {wanted} on {HOST} cannot be used: {error.strerror}.",
                hint="Stop the program that has it, or choose another port.",
            ) from error
        return wanted
    for _ in range(_TRIES):
        port = _FIRST + secrets.randbelow(_LAST - _FIRST)
        if port != taken and not _refusal(port):
            return port
    raise LocalServerError(f"No free port was found on {HOST}.")


def _refusal(port: int) -> OSError | None:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            return error
    return None


def listens(port: int) -> bool:
    """Whether a connection is taken."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def call(
    port: int, path: str, *, token: str = "", body: Mapping[str, object] | None = None
) -> tuple[int, str]:
    """Ask the server something: GET, or POST when there is a body.

    Plain ``http.client``: it knows no proxies, and this never leaves the machine.

    Args:
        port: Where it listens.
        path: Path and query.
        token: Bearer token; none for anonymous.
        body: Keyword arguments of a service call.

    Returns:
        Status and text; status 0 when there is no answer, or half of one.
    """
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with closing(connection):
        try:
            if body is None:
                connection.request("GET", path, headers=headers)
            else:
                headers["Content-Type"] = "application/json"
                connection.request("POST", path, json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            return 0, str(error)
