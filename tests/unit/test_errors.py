from __future__ import annotations

import inspect
import pickle

import httpx
import pytest

from hypha_artifact import errors
from hypha_artifact._api.refusals import detail_of, refusal, store_refusal
from hypha_artifact.errors import HyphaError, redact

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "text",
    [
        f"GET https://s3/b/k?X-Amz-Signature={TOKEN}&x=1 failed",
        f"Authorization: Bearer {TOKEN}",
        f"token {TOKEN} was refused",
        f"http://user:{TOKEN}@host/path",
    ],
)
def test_secrets_are_taken_out(text: str) -> None:
    shown = redact(text)
    assert TOKEN not in shown
    assert "c2lnbmF0dXJl" not in shown
    assert "…" in shown


def test_every_error_is_in_the_drawn_tree_and_has_a_remedy() -> None:
    drawn = errors.__doc__ or ""
    classes = [
        found
        for _, found in inspect.getmembers(errors, inspect.isclass)
        if issubclass(found, HyphaError)
    ]
    assert len(classes) > 20
    for found in classes:
        assert found.__name__ in drawn
        assert isinstance(found.remedy, errors.Remedy)


@pytest.mark.parametrize(
    "found", [errors.ServiceError, errors.NetworkError, errors.StageError]
)
def test_callers_of_the_older_package_catch_what_they_did(
    found: type[HyphaError],
) -> None:
    error = found("commit lab/demo: refused.", hint="Ask.")
    assert isinstance(error, (httpx.RequestError, OSError))
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert (type(copy), str(copy), copy.hint) == (found, str(error), "Ask.")


def test_builtin_parents_catch() -> None:
    assert issubclass(errors.NotFound, FileNotFoundError)
    assert issubclass(errors.SignInRequired, PermissionError)
    assert issubclass(errors.NetworkTimeout, TimeoutError)
    assert issubclass(errors.DiskFull, OSError)


def service(status: int, detail: str) -> HyphaError:
    body = b'{"success": false, "detail": "RemoteException: ' + detail.encode() + b'"}'
    return refusal("read lab/x", status, {"retry-after": "7"}, body)


@pytest.mark.parametrize(
    ("status", "detail", "expected"),
    [
        (404, "KeyError: Artifact with ID 'x' does not exist", errors.ArtifactNotFound),
        (404, "FileNotFoundError: File 'x' does not exist", errors.NotFound),
        (404, "ValueError: Upload session expired or not found", errors.UploadExpired),
        (403, "PermissionError: User does not have", errors.PermissionDenied),
        (401, "The token has expired.", errors.SignInRequired),
        (400, "AssertionError: must be in staging mode.", errors.NotStaged),
        (400, "ValueError: No staged changes to discard", errors.NotStaged),
        (
            400,
            "ValueError: Artifact version 'v9' does not exist.",
            errors.VersionNotFound,
        ),
        (400, "ValueError: Version 'v1' already exists.", errors.AlreadyExists),
        (500, "FileExistsError: alias 'x' already exists", errors.AlreadyExists),
        (500, "locked (Background: https://sqlalche.me/e/20/e3q8)", errors.ServerFault),
        (429, "Rate limit exceeded", errors.RateLimited),
        (400, "TypeError: unexpected keyword", errors.ServiceError),
        (504, "timed out", errors.ServerFault),
    ],
)
def test_refusals_of_the_server(
    status: int, detail: str, expected: type[HyphaError]
) -> None:
    error = service(status, detail)
    assert type(error) is expected


def test_retry_after_is_kept() -> None:
    error = service(429, "Rate limit exceeded")
    assert isinstance(error, errors.RateLimited)
    assert error.retry_after == 7


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        ("3", 3, 3),
        ("Fri, 31 Dec 2100 23:59:59 GMT", 600, 600),
        ("Fri, 01 Jan 2021 00:00:00 GMT", 0, 0),
        ("1e9", 600, 600),
        ("nan", 1, 1),
        ("soon", 1, 1),
    ],
)
def test_a_store_that_asks_for_patience_gets_it(
    asked: str, least: float, most: float
) -> None:
    error = store_refusal("upload x", 503, {"retry-after": asked}, b"")
    assert isinstance(error, errors.RateLimited)
    assert error.status == 503
    assert least <= error.retry_after <= most


def test_a_date_counts_from_the_server_s_own() -> None:
    headers = {
        "retry-after": "Fri, 01 Jan 2021 00:00:07 GMT",
        "date": "Fri, 01 Jan 2021 00:00:00 GMT",
    }
    error = store_refusal("upload x", 429, headers, b"")
    assert isinstance(error, errors.RateLimited)
    assert error.retry_after == 7


def test_words_that_are_no_text_are_shown_as_they_are() -> None:
    assert "gone" in detail_of(b'{"detail": "gone \x9e"}')


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "BadDigest", errors.IntegrityError),
        (400, "AccessDenied", errors.LinkExpired),
        (403, "SignatureDoesNotMatch", errors.LinkExpired),
        (404, "NoSuchUpload", errors.UploadExpired),
        (404, "NoSuchKey", errors.NotFound),
        (429, "", errors.RateLimited),
        (503, "SlowDown", errors.StoreError),
        (501, "NotImplemented", errors.StoreError),
    ],
)
def test_refusals_of_the_store(
    status: int, code: str, expected: type[HyphaError]
) -> None:
    body = f"<Error><Code>{code}</Code></Error>".encode()
    assert type(store_refusal("upload x", status, {}, body)) is expected
