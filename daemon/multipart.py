"""Files in a form (RFC 7578), written as they come. Synchronous: it works in a thread.

Rules:
- Each part with the name `upload` is a file; its name is the last element of its file name, whatever
  separates them. Parts with other names are skipped.
- Nothing has its name before the whole form has come.
"""

import logging
import re
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from filemgr import Incoming, InvalidPath, RelPath, Root, TooLarge, refuse_without_space

from .errors import ApiError

FIELD = b"upload"

MOST_FILES = 100
"""Files of one form: each is held open until the form is complete."""

ENVELOPE = 1 << 20
"""Bytes that a form may have beside its files."""

_EXTENDED = re.compile(rb";\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)", re.IGNORECASE)

# It tells the log of each form that is none, with what a stranger has sent.
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)


def boundary_of(content_type: str) -> bytes:
    """Return what separates the parts; raises `ApiError` 400 if it is no form."""
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        raise invalid()
    return boundary


def invalid() -> ApiError:
    """Return the error for what is no form, or not the one that is expected."""
    return ApiError(400, "invalid-form", "Invalid form sent!")


class Form:
    """A form on its way into a folder; close it, and what was not published is gone."""

    def __init__(self, root: Root, folder: RelPath, boundary: bytes, limit: int) -> None:
        """Expect files of `limit` bytes in all; raises `ApiError`."""
        self._root = root
        self._folder = folder
        self._left = limit
        self._bytes_left = limit + ENVELOPE
        self._files: list[Incoming] = []
        self._file: Incoming | None = None
        self._done = False
        self._header = b""
        self._value = b""
        self._disposition = b""
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._name_header,
                    "on_header_value": self._fill_header,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._open,
                    "on_part_data": self._write,
                    "on_part_end": self._end,
                    "on_end": self._finish,
                },
            )
        except FormParserError as exc:
            raise invalid() from exc

    def make_room(self, size: int) -> None:
        """Raise `TooLarge` or `NoSpace` for a form of so many bytes, `NoSuchFile`, `NotAFolder`."""
        with self._root.folder(self._folder) as fd:
            if size > self._bytes_left:
                raise TooLarge("the form is larger than uploads may be")
            refuse_without_space(fd, size, self._folder)

    def feed(self, chunks: list[bytes]) -> None:
        """Take what comes next; raises `ApiError`, `InvalidPath`, `TooLarge`, `NoSpace`, `NotAFile`."""
        try:
            for chunk in chunks:
                self._bytes_left -= len(chunk)
                if self._bytes_left < 0:
                    raise TooLarge("the form is larger than uploads may be")
                self._parser.write(chunk)
        except FormParserError as exc:
            raise invalid() from exc

    def publish(self) -> list[RelPath]:
        """Give the files their names; raises `ApiError` if the form is not complete or has no file."""
        if not self._done or not self._files:
            raise invalid()
        for file in self._files:
            file.publish()
        return [file.path for file in self._files]

    def close(self) -> None:
        """End it."""
        for file in self._files:
            file.close()

    def _begin(self) -> None:
        self._disposition = b""

    def _name_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _fill_header(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _open(self) -> None:
        _, options = parse_options_header(self._disposition)
        if options.get(b"name") != FIELD:
            return
        name = options.get(b"filename", b"")
        # The RFC forbids the other way of saying it; older clients write names beyond ASCII like this.
        if not name and (extended := _EXTENDED.search(self._disposition)):
            name = unquote_to_bytes(extended[1])
        if len(self._files) == MOST_FILES:
            raise TooLarge(f"a form may have at most {MOST_FILES} files")
        last = last_name(name)
        if not last:
            raise invalid()
        self._file = Incoming(self._root, self._folder / last, self._left)
        self._files.append(self._file)

    def _write(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(memoryview(data)[start:end])
            self._left -= end - start

    def _end(self) -> None:
        self._file = None

    def _finish(self) -> None:
        self._done = True


def last_name(name: bytes) -> str:
    """Return the name of a file that a client calls so, "" if there is none: the last element of a path.

    The path may be one of any system. Raises `InvalidPath` if it is no UTF-8.
    """
    last = re.split(rb"[/\\]", name)[-1]
    try:
        return last.decode()
    except UnicodeDecodeError as exc:
        raise InvalidPath("it is not UTF-8") from exc
