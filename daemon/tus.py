"""The headers of resumable uploads: tus 1.0.0, https://tus.io/protocols/resumable-upload."""

import base64
import binascii
import re
from collections.abc import Mapping

from starlette.datastructures import Headers

from filemgr import ALGORITHMS, Checksum

from .described import Param
from .errors import ApiError
from .shapes import TEXT, WHOLE, one_of

VERSION = "1.0.0"

EXTENSIONS = "creation,creation-with-upload,creation-defer-length,termination,checksum,expiration"

CONTENT = "application/offset+octet-stream"

REQUEST_HEADERS = (
    "Tus-Resumable, Upload-Length, Upload-Offset, Upload-Metadata, Upload-Defer-Length, Upload-Checksum, "
    "X-HTTP-Method-Override"
)
"""What a page of another origin has to be allowed to send."""

RESPONSE_HEADERS = (
    "Location, Tus-Checksum-Algorithm, Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, "
    "Upload-Defer-Length, Upload-Expires, Upload-Length, Upload-Metadata, Upload-Offset"
)
"""What it has to be allowed to read."""

SPOKEN = Param("Tus-Resumable", "The version of tus", {"type": "string", "const": VERSION}, True, VERSION)
LENGTH = Param("Upload-Length", "How many bytes it will have", WHOLE, example="1000")
OFFSET = Param("Upload-Offset", "How many bytes have come", WHOLE)
CHECKSUM = Param("Upload-Checksum", f"{', '.join(ALGORITHMS)}; a blank; the digest in base64", TEXT)
METADATA = Param(
    "Upload-Metadata",
    "`filename`, and `path` of the folder, both in base64",
    TEXT,
    required=True,
    example="filename bW9kLmphcg==",
)
LATER = Param("Upload-Defer-Length", "`1`: the length is said later", TEXT)
MEANT = Param(
    "X-HTTP-Method-Override",
    "What is meant",
    one_of("A method", "PATCH", "DELETE", "HEAD"),
    required=True,
    example="HEAD",
)
ONLY_NEW = Param(
    "If-None-Match",
    "`*` with the last bytes: only if there is no such file; if there is, all bytes are kept",
    TEXT,
)
LOCATION = Param("Location", "Where it goes on", TEXT)
EXPIRES = Param("Upload-Expires", "When it is forgotten if nothing more comes", TEXT)
ABILITIES = (
    Param("Tus-Version", "The version of tus", TEXT),
    Param("Tus-Extension", "Its extensions", TEXT),
    Param("Tus-Max-Size", "Bytes that an upload may have", WHOLE),
    Param("Tus-Checksum-Algorithm", "For `Upload-Checksum`", TEXT),
)

# Why requests are refused, by status: all, those about an upload, and those that add to one.
REFUSED = {400: "invalid-header", 410: "expired", 412: "wrong-version"}
REFUSED_UPLOAD = {404: "no-such-file", 423: "busy"}
REFUSED_ADDING = {
    400: "unknown-checksum not-a-file not-a-folder",
    403: "forbidden",
    404: "no-such-file",
    408: "too-slow",
    409: "wrong-offset",
    412: "modified",
    413: "too-large",
    415: "wrong-content-type",
    423: "busy",
    460: "checksum-mismatch",
}

_WHOLE = re.compile(r"[0-9]{1,18}")
_KEY = re.compile(r"[!-+\--~]+")  # ASCII without blanks and commas


def options(limit: int) -> dict[str, str]:
    """Return what tells a client what can be done here."""
    return {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(limit),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }


def check_version(headers: Headers) -> None:
    """Raise `ApiError` 412 for a client of another version."""
    if headers.get("tus-resumable") != VERSION:
        raise ApiError(412, "wrong-version", f"This endpoint speaks tus {VERSION}!")


def check_content_type(headers: Headers) -> None:
    """Raise `ApiError` 415 if the body is not said to be content."""
    if headers.get("content-type", "").partition(";")[0].strip().lower() != CONTENT:
        raise ApiError(415, "wrong-content-type", f"The Content-Type must be {CONTENT}!")


def whole(headers: Headers, name: str) -> int | None:
    """Return a number of bytes, None without the header; raises `ApiError` 400."""
    text = headers.get(name)
    if text is None:
        return None
    if not _WHOLE.fullmatch(text):
        raise invalid(name)
    return int(text)


def only_new(headers: Headers) -> bool:
    """Tell whether the whole upload may become a new file, but replace none."""
    return headers.get("if-none-match", "").strip() == "*"


def length(headers: Headers) -> int | None:
    """Return how long a new upload will be, None if the client says that later; raises `ApiError` 400."""
    said, later = whole(headers, "Upload-Length"), headers.get("upload-defer-length")
    if (said is None) == (later is None) or later not in (None, "1"):
        raise invalid("Upload-Length")
    return said


def metadata(headers: Headers) -> Mapping[str, bytes]:
    """Return the values that the client tells of an upload; raises `ApiError` 400."""
    found: dict[str, bytes] = {}
    for pair in headers.get("upload-metadata", "").split(","):
        if not pair.strip():
            continue
        key, _, value = pair.strip().partition(" ")
        if not _KEY.fullmatch(key) or key in found:
            raise invalid("Upload-Metadata")
        found[key] = _decoded(value.strip(), "Upload-Metadata")
    return found


def checksum(headers: Headers) -> Checksum | None:
    """Return the checksum that the body shall have; raises `ApiError` 400."""
    text = headers.get("upload-checksum")
    if text is None:
        return None
    algorithm, _, digest = text.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise ApiError(400, "unknown-checksum", f"Checksums may be {', '.join(ALGORITHMS)}!")
    return Checksum(algorithm, _decoded(digest.strip(), "Upload-Checksum"))


def _decoded(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise invalid(name) from exc


def invalid(name: str) -> ApiError:
    """Return the error for a header that makes no sense."""
    return ApiError(400, "invalid-header", f"Invalid {name} header!")
