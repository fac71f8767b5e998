"""What goes wrong, as HTTP says it: one table from domain exceptions to status, machine word and sentence."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from starlette.responses import JSONResponse

from filemgr import (
    AlreadyExists,
    BadArchive,
    Busy,
    Cancelled,
    Denied,
    FileError,
    IntoItself,
    InvalidPath,
    InvalidQuery,
    Mismatch,
    Modified,
    NoSpace,
    NoSuchFile,
    NotAFile,
    NotAFolder,
    OutOfBounds,
    RootForbidden,
    TooLarge,
    UnsupportedArchive,
)
from supervisor import (
    CannotStore,
    InputRefused,
    InvalidSpec,
    NoSuchService,
    NotAllowed,
    SupervisorUnreachable,
)

from .accounts import AccountExists, AccountsNotSaved, InvalidAccount, NoSuchAccount
from .backoff import TooSoon
from .config import ConfigError
from .factors import NoPendingFactor, WrongCode
from .jobs import NoSuchJob, NotCancellable, TooManyJobs
from .keys import TooManyKeys
from .ledger import CannotKeep
from .logins import SecondFactorNeeded, WrongCredentials, WrongSecondFactor
from .passwords import TooManyLogins, UnusablePassword
from .privileges import InvalidPrivileges
from .register import NoSuchEntry
from .scheduleledger import CannotNote
from .shares import TooManyShares
from .usersfile import AccountsUnreadable

RETRY = {"Retry-After": "1"}
"""What each 429 says, unless the one who answers knows better: a place may be free in a second."""

log = logging.getLogger("holdfast.api")


class ApiError(Exception):
    """A request that is refused for what it is, not for what it asks of the domain."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        **more: str,
    ) -> None:
        super().__init__(message)
        self.headers = headers
        self.more = more
        self.status = status
        self.kind = kind
        self.message = message


class NotAuthenticated(ApiError):
    """Nobody, or nobody we know, asks."""

    def __init__(self) -> None:
        message = "You are not authenticated to access this resource!"
        super().__init__(401, "not-authenticated", message)


class NotPermitted(ApiError):
    """Somebody asks who may not."""

    def __init__(self, message: str = "You are not allowed to access this resource!") -> None:
        super().__init__(403, "not-permitted", message)


class NoSuchServer(ApiError):
    """The path names a server that does not exist."""

    def __init__(self) -> None:
        super().__init__(404, "no-such-server", "This server does not exist!")


class NoSuchSchedule(ApiError):
    """The server has no schedule of this name."""

    def __init__(self) -> None:
        super().__init__(404, "no-such-schedule", "This schedule does not exist!")


NO_FILE: Mapping[type[FileError], tuple[int, str]] = {
    NoSuchFile: (404, "This file does not exist!"),
    NotAFile: (400, "This is not a file!"),
}
NO_FOLDER: Mapping[type[FileError], tuple[int, str]] = {
    NoSuchFile: (404, "This folder does not exist!"),
    NotAFolder: (400, "This is not a folder!"),
}


@contextmanager
def saying(sentences: Mapping[type[FileError], tuple[int, str]]) -> Iterator[None]:
    """Answer these exceptions with the status and the sentence that Octyne's clients know."""
    try:
        yield
    except tuple(sentences) as exc:
        status, sentence = next(said for kind, said in sentences.items() if isinstance(exc, kind))
        kinds = {known: word for known, _, word, _ in _TABLE}
        raise ApiError(status, kinds[type(exc)], sentence) from exc


@contextmanager
def naming(what: str) -> Iterator[None]:
    """Answer an invalid path with the sentence that says what it is the path of: `file`, `destination`."""
    try:
        yield
    except InvalidPath as exc:
        raise ApiError(400, "invalid-path", f"Invalid {what} path: {exc}") from exc


# (exception, status, kind, sentence); without a sentence, the exception's own.
_TABLE: tuple[tuple[type[Exception], int, str, str | None], ...] = (
    (NoSuchService, 404, "no-such-server", "This server does not exist!"),
    (NotAllowed, 409, "not-allowed", None),
    (InputRefused, 409, "input-refused", None),
    (InvalidSpec, 500, "invalid-plan", None),
    (CannotStore, 507, "cannot-store", None),
    (SupervisorUnreachable, 503, "supervisor-unreachable", None),
    (AccountExists, 409, "account-exists", "User already exists!"),
    (NoSuchAccount, 404, "no-such-account", "User does not exist!"),
    (InvalidAccount, 400, "invalid-account", None),
    (AccountsUnreadable, 500, "accounts-unreadable", None),
    (AccountsNotSaved, 507, "cannot-store", None),
    (UnusablePassword, 400, "invalid-account", None),
    (WrongSecondFactor, 401, "wrong-code", "The code of your second factor is wrong!"),
    (WrongCredentials, 401, "wrong-credentials", "Invalid username or password!"),
    (SecondFactorNeeded, 401, "second-factor-needed", "A code of your second factor is needed!"),
    (NoPendingFactor, 404, "no-pending-factor", "There is no second factor that waits for a code!"),
    (WrongCode, 403, "wrong-code", "The code is wrong!"),
    (CannotKeep, 507, "cannot-store", None),
    (CannotNote, 507, "cannot-store", None),
    (NoSuchEntry, 404, "no-such-entry", None),
    (TooManyKeys, 409, "too-many-keys", None),
    (TooManyShares, 409, "too-many-shares", None),
    (InvalidPrivileges, 400, "invalid-grants", None),
    (ConfigError, 400, "invalid-config", None),
    (InvalidPath, 400, "invalid-path", None),
    (NoSuchFile, 404, "no-such-file", None),
    (NotAFile, 400, "not-a-file", None),
    (NotAFolder, 400, "not-a-folder", None),
    (AlreadyExists, 409, "file-exists", None),
    (RootForbidden, 403, "forbidden", "This operation is dangerous and has been forbidden!"),
    (OutOfBounds, 403, "not-permitted", "You are not allowed to access this resource!"),
    (IntoItself, 400, "into-itself", None),
    (Denied, 403, "denied", None),
    (Busy, 409, "busy", None),
    (Modified, 412, "modified", None),
    (Mismatch, 460, "checksum-mismatch", None),
    (TooLarge, 413, "too-large", None),
    (NoSpace, 507, "no-space", None),
    (UnsupportedArchive, 400, "unsupported-archive", "Unsupported archive file!"),
    (BadArchive, 500, "bad-archive", None),
    (Cancelled, 409, "cancelled", None),
    (InvalidQuery, 400, "invalid-search", None),
    (FileError, 500, "file-error", None),
    (NoSuchJob, 404, "no-such-job", "This job does not exist!"),
    (TooManyJobs, 429, "too-many-jobs", None),
    (NotCancellable, 409, "not-cancellable", None),
)


def answer_for(exc: Exception) -> JSONResponse:
    """Return the answer that tells of an exception; one that nobody expected is logged and told as 500."""
    if isinstance(exc, ApiError):
        return error(exc.status, exc.kind, exc.message, headers=exc.headers, **exc.more)
    if isinstance(exc, TooManyLogins):
        said = str(exc) if isinstance(exc, TooSoon) else "Too many logins at once, try again in a moment!"
        return error(429, "too-many-logins", said, headers={"Retry-After": str(exc.retry_after)})
    for known, status, kind, sentence in _TABLE:
        if isinstance(exc, known):
            return error(status, kind, sentence or str(exc))
    if isinstance(exc, OSError):
        log.error("%s: %s", exc.filename or "a file", exc.strerror)
        return error(507 if exc.errno in (28, 122) else 500, "os-error", exc.strerror or "I/O error")
    log.error("an error that nobody expected", exc_info=exc)
    return error(500, "internal", "An internal error occurred!")


def error(
    status: int, kind: str, message: str, *, headers: Mapping[str, str] | None = None, **more: str
) -> JSONResponse:
    """Return an error as every client knows it: `{"error": sentence, "kind": word}`."""
    body = {"error": message, "kind": kind, **more}
    # A path in a sentence may hold bytes that are no text.
    told = {key: text.encode("utf-8", "replace").decode() for key, text in body.items()}
    return JSONResponse(told, status, headers=headers or (RETRY if status == 429 else None))
