"""The files of the web page as they were built, read once: what is not in this table cannot be asked for.

Rules:
- Only plain files below the folder are taken in, through no link, and none whose name begins with a dot. So
  no path that a client writes ever reaches the disk.
- `X.br` and `X.gz` beside a file X are forms of it, and no files of their own.
- A name with a hash in it (`assets/NAME-HASH.js`) never stands for another content: browsers may keep it.
- What is too large for a page is left out: all of it stays in memory.
"""

import hashlib
import logging
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

INDEX = "/index.html"

MOST_FILE = 8 << 20
"""Bytes of a file."""

MOST = 32 << 20
"""Bytes of all files, in all their forms."""

MOST_FILES = 2000

_FORMS = {".br": "br", ".gz": "gzip"}
_HASHED = re.compile(r"/assets/(?:.*/)?[^/]*-[\w-]{8,}\.[\w.]+")
_TYPES = {
    "css": "text/css; charset=utf-8",
    "gif": "image/gif",
    "html": "text/html; charset=utf-8",
    "ico": "image/x-icon",
    "jpg": "image/jpeg",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "map": "application/json",
    "mjs": "text/javascript; charset=utf-8",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "wasm": "application/wasm",
    "wav": "audio/wav",
    "webmanifest": "application/manifest+json",
    "webp": "image/webp",
    "woff": "font/woff",
    "woff2": "font/woff2",
}

log = logging.getLogger("holdfast.webui")


@dataclass(frozen=True, slots=True)
class WebFile:
    """A file of the page; `forms` are its contents by encoding, the plain one by ``""``."""

    media_type: str
    lasting: bool
    """Whether its name stands for this content and no other."""
    digest: str
    forms: Mapping[str, bytes] = field(repr=False)

    def etag(self, encoding: str) -> str:
        """Return what names one of its forms (RFC 9110, 8.8.3.3)."""
        return f'"{self.digest}-{encoding}"' if encoding else f'"{self.digest}"'


Stamp = tuple[int, int, int, int]
"""What tells one build from another: that of its `index.html`."""


def stamp_of(folder: str) -> Stamp | None:
    """Return the stamp of what is built there; None if there is no page."""
    try:
        found = os.stat(folder + INDEX, follow_symlinks=False)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def read_files(folder: str) -> Mapping[str, WebFile]:
    """Return all files of the page, as far as they can be read, by their paths, which begin with a slash."""
    contents: dict[str, bytes] = {}
    left = MOST
    for path in _paths(folder):
        try:
            data = _content(folder + path, min(MOST_FILE, left))
        except OSError as exc:
            log.warning("%s%s is no part of the web page: %s", folder, path, exc.strerror or exc)
            continue
        contents[path] = data
        left -= len(data)
    return {
        path: _file(path, data, contents)
        for path, data in contents.items()
        if not (os.path.splitext(path)[1] in _FORMS and os.path.splitext(path)[0] in contents)
    }


def _paths(folder: str) -> Iterator[str]:
    """Yield the paths in order: a file before its forms, so that no form is kept of what is left out."""
    count = 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and count < MOST_FILES:
                count += 1
                yield f"{place}/{name}".removeprefix(folder)


def _content(path: str, most: int) -> bytes:
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(f"it is no regular file: {path}")
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError("it is too large")
    return data


def _file(path: str, data: bytes, contents: Mapping[str, bytes]) -> WebFile:
    forms = {"": data}
    for ending, encoding in _FORMS.items():
        form = contents.get(path + ending)
        if form is not None and len(form) < len(data):
            forms[encoding] = form
    media_type = _TYPES.get(os.path.splitext(path)[1][1:].lower(), "application/octet-stream")
    lasting = _HASHED.fullmatch(path) is not None
    return WebFile(media_type, lasting, hashlib.sha256(data).hexdigest()[:32], forms)
