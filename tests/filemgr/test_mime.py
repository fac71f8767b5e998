"""What a file is, by its first bytes: the table of the standard, row by row."""

import pytest

from filemgr.mime import SNIFFED, TEXT, UNKNOWN, mime_of

HTML = "text/html; charset=utf-8"
XML = "text/xml; charset=utf-8"


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        (b"", TEXT),
        (b"x", TEXT),
        (b"caf\xc3\xa9 \x1b[1m\n", TEXT),
        (b"caf\xe9", TEXT),
        (b"{}\n", TEXT),
        (b"a\x00b", UNKNOWN),
        (b"\x01", UNKNOWN),
        (b"\x7fELF\x02\x01\x01\x00", UNKNOWN),
        (b"<!DOCTYPE HTML>...", HTML),
        (b"<!doctype html>", HTML),
        (b" \t\r\n\x0c<HtMl ><bOdY>blah", HTML),
        (b"<html", TEXT),
        (b"<htmlx>", TEXT),
        (b"<!-- a comment", HTML),
        (b"<!--x", TEXT),
        (b"<p>", HTML),
        (b"<a href=x>", HTML),
        (b"<br/>", TEXT),
        (b"\n<?xml!", XML),
        (b"<?XML", TEXT),
        (b"\xef\xbb\xbfx", TEXT),
        (b"\xef\xbb\xbf", TEXT),
        (b"\xfe\xff\x00a", "text/plain; charset=utf-16be"),
        (b"\xff\xfea\x00", "text/plain; charset=utf-16le"),
        (b"%PDF-1.7", "application/pdf"),
        (b"%!PS-Adobe-", "application/postscript"),
        (b"\x00\x00\x01\x00", "image/x-icon"),
        (b"\x00\x00\x02\x00", "image/x-icon"),
        (b"BM6", "image/bmp"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a...", "image/gif"),
        (b"RIFFb\xb8\x00\x00WEBPVP", "image/webp"),
        (b"\x89PNG\x0d\x0a\x1a\x0a", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"FORM\x00\x00\x00\x0eAIFF", "audio/aiff"),
        (b"ID3\x03", "audio/mpeg"),
        (b"OggS\x00\x02", "application/ogg"),
        (b"MThd\x00\x00\x00\x06\x00\x01", "audio/midi"),
        (b"RIFF,O\n\x00AVI LIST", "video/avi"),
        (b"RIFFb\xb8\x00\x00WAVEfmt \x12", "audio/wave"),
        (b"RIFFb\xb8\x00\x00SFVX", UNKNOWN),
        (b"\x1aE\xdf\xa3\x01", "video/webm"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom", "video/mp4"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isommp41", "video/mp4"),
        (b"\x00\x00\x00\x18ftypisommp42isomisom", UNKNOWN),
        (b"\x00\x00\x00\x17ftypmp42\x00\x00\x00\x00mp42iso", UNKNOWN),
        (b"\x00\x00\x01\x18ftypmp42", UNKNOWN),
        (34 * b"\x00" + b"LP", "application/vnd.ms-fontobject"),
        (b"\x00\x01\x00\x00\x00\x0f", "font/ttf"),
        (b"OTTO\x00", "font/otf"),
        (b"ttcf\x00\x01", "font/collection"),
        (b"wOFF\x00", "font/woff"),
        (b"wOF2\x00", "font/woff2"),
        (b"\x1f\x8b\x08\x00", "application/x-gzip"),
        (b"PK\x03\x04\x14", "application/zip"),
        (b"PK\x05\x06", UNKNOWN),
        (b"Rar!\x1a\x07\x00", "application/x-rar-compressed"),
        (b"Rar!\x1a\x07\x01\x00", "application/x-rar-compressed"),
        (b"\x00asm\x01", "application/wasm"),
    ],
)
def test_a_file_is_what_it_begins_with(head: bytes, mime: str) -> None:
    assert mime_of(head) == mime


def test_bytes_behind_the_first_512_do_not_matter() -> None:
    assert mime_of(b"a" * SNIFFED + b"\x00") == TEXT
    assert mime_of(b"a" * (SNIFFED - 1) + b"\x00") == UNKNOWN
