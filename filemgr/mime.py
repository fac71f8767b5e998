"""What a file is, by its first bytes, as a browser would find out.

Source: the MIME Sniffing Standard (https://mimesniff.spec.whatwg.org), sections 6 and 7, in the reading of
Go's `http.DetectContentType`, whose words Octyne's clients know: what looks like text is UTF-8, what is
nothing else is `application/octet-stream`.
"""

from collections.abc import Callable

SNIFFED = 512
"""Bytes that are looked at."""

TEXT = "text/plain; charset=utf-8"
UNKNOWN = "application/octet-stream"

_BLANKS = b"\t\n\x0c\r "
_BINARY = bytes({*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)})
"""The bytes that no text has: section 3."""

_TAGS = (
    *(b"<!DOCTYPE HTML", b"<HTML", b"<HEAD", b"<SCRIPT", b"<IFRAME", b"<H1", b"<DIV", b"<FONT", b"<TABLE"),
    *(b"<A", b"<STYLE", b"<TITLE", b"<B", b"<BODY", b"<BR", b"<P", b"<!--"),
)
"""What begins a page, in any case, before a blank or `>`: section 7.1."""

# Where a signature begins, and the bytes; all of them must be there.
_SIGNATURES: tuple[tuple[tuple[tuple[int, bytes], ...], str], ...] = (
    (((0, b"%PDF-"),), "application/pdf"),
    (((0, b"%!PS-Adobe-"),), "application/postscript"),
    (((0, b"\x00\x00\x01\x00"),), "image/x-icon"),
    (((0, b"\x00\x00\x02\x00"),), "image/x-icon"),
    (((0, b"BM"),), "image/bmp"),
    (((0, b"GIF87a"),), "image/gif"),
    (((0, b"GIF89a"),), "image/gif"),
    (((0, b"RIFF"), (8, b"WEBPVP")), "image/webp"),
    (((0, b"\x89PNG\r\n\x1a\n"),), "image/png"),
    (((0, b"\xff\xd8\xff"),), "image/jpeg"),
    (((0, b"FORM"), (8, b"AIFF")), "audio/aiff"),
    (((0, b"ID3"),), "audio/mpeg"),
    (((0, b"OggS\x00"),), "application/ogg"),
    (((0, b"MThd\x00\x00\x00\x06"),), "audio/midi"),
    (((0, b"RIFF"), (8, b"AVI ")), "video/avi"),
    (((0, b"RIFF"), (8, b"WAVE")), "audio/wave"),
    (((0, b"\x1a\x45\xdf\xa3"),), "video/webm"),
    (((34, b"LP"),), "application/vnd.ms-fontobject"),
    (((0, b"\x00\x01\x00\x00"),), "font/ttf"),
    (((0, b"OTTO"),), "font/otf"),
    (((0, b"ttcf"),), "font/collection"),
    (((0, b"wOFF"),), "font/woff"),
    (((0, b"wOF2"),), "font/woff2"),
    (((0, b"\x1f\x8b\x08"),), "application/x-gzip"),
    (((0, b"PK\x03\x04"),), "application/zip"),
    # The standard writes these two with a blank that no archive has: whatwg/mimesniff issue 63.
    (((0, b"Rar!\x1a\x07\x00"),), "application/x-rar-compressed"),
    (((0, b"Rar!\x1a\x07\x01\x00"),), "application/x-rar-compressed"),
    (((0, b"\x00asm"),), "application/wasm"),
)

_MARKS = (
    (b"\xfe\xff", "text/plain; charset=utf-16be"),
    (b"\xff\xfe", "text/plain; charset=utf-16le"),
    (b"\xef\xbb\xbf", TEXT),
)


def mime_of(head: bytes) -> str:
    """Return the MIME type of what begins with these bytes; give it `SNIFFED` of them, or all there are."""
    head = head[:SNIFFED]
    for look in _LOOKS:
        found = look(head)
        if found:
            return found
    return UNKNOWN if head.lstrip(_BLANKS).translate(None, _BINARY) != head.lstrip(_BLANKS) else TEXT


def _markup(head: bytes) -> str:
    begin = head.lstrip(_BLANKS)
    if not begin.startswith(b"<"):
        return ""
    shouted = begin[:16].upper()
    for tag in _TAGS:
        if shouted.startswith(tag) and shouted[len(tag) : len(tag) + 1] in (b" ", b">"):
            return "text/html; charset=utf-8"
    return "text/xml; charset=utf-8" if begin.startswith(b"<?xml") else ""


def _mark(head: bytes) -> str:
    # The standard wants more than the mark alone: four bytes, of which the last do not matter.
    return next((mime for mark, mime in _MARKS if len(head) > 3 and head.startswith(mark)), "")


def _signature(head: bytes) -> str:
    for parts, mime in _SIGNATURES:
        if all(head.startswith(part, at) for at, part in parts):
            return mime
    return ""


def _mp4(head: bytes) -> str:
    """Section 6.2.1: a box of type `ftyp`, and `mp4` among the brands in it."""
    size = int.from_bytes(head[:4], "big")
    if len(head) < 12 or len(head) < size or size % 4 or head[4:8] != b"ftyp":
        return ""
    brands = (head[at : at + 3] for at in range(8, size, 4) if at != 12)  # at 12 is a version
    return "video/mp4" if b"mp4" in brands else ""


_LOOKS: tuple[Callable[[bytes], str], ...] = (_markup, _mark, _signature, _mp4)
