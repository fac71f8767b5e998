"""How much a browser has to fetch, as it is sent to it: compressed by Brotli (RFC 7932)."""

import json
import os
from pathlib import Path

import pytest

from ..system.house import ROOT
from .visitor import missing

PAGE = os.path.join(ROOT, "daemon", "webui")

Chunk = dict[str, object]


@pytest.fixture
def chunks() -> dict[str, Chunk]:
    """What Vite says of the chunks of the page, by their sources."""
    path = os.path.join(PAGE, ".vite", "manifest.json")
    if not os.path.exists(path):
        missing("the web page is not built: scripts/webui.py build")
    with open(path, encoding="utf-8") as file:
        found: dict[str, Chunk] = json.load(file)
    return found


def sent(name: str) -> int:
    """Return the bytes of a file as they are sent."""
    return os.path.getsize(os.path.join(PAGE, f"{name}.br"))


def names(chunk: Chunk, key: str) -> list[str]:
    found = chunk.get(key, [])
    assert isinstance(found, list)
    return found


def at_once(chunks: dict[str, Chunk], source: str, seen: set[str]) -> set[str]:
    """Return the files without which a chunk does not work."""
    if source in seen:
        return set()
    seen.add(source)
    chunk = chunks[source]
    needed = {str(chunk["file"]), *names(chunk, "css")}
    for other in names(chunk, "imports"):
        needed |= at_once(chunks, other, seen)
    return needed


def test_the_list_of_servers_needs_little(chunks: dict[str, Chunk]) -> None:
    first = at_once(chunks, "index.html", set())
    assert sum(map(sent, first)) < 80_000


def test_the_editor_and_the_terminal_come_when_they_are_used(chunks: dict[str, Chunk]) -> None:
    first = at_once(chunks, "index.html", set())
    text = "".join((Path(PAGE) / name).read_text("utf-8") for name in first if name.endswith(".js"))
    assert "holdfast" in text.lower()
    for word in ("xterm-helper-textarea", "cm-content", "u-legend"):
        assert word not in text, word


def test_the_whole_page_is_less_than_400_kb(chunks: dict[str, Chunk]) -> None:
    """Whatever page one looks at; one language of the editor at a time, of which each is small."""
    languages = {str(chunk["file"]) for source, chunk in chunks.items() if "legacy-modes" in source}
    every = {
        name for chunk in chunks.values() for name in (str(chunk["file"]), *names(chunk, "css"))
    } - languages
    assert sum(map(sent, every)) + max(map(sent, languages)) < 400_000
