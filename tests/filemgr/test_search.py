"""Finding files, and measuring folders."""

import os
from pathlib import Path

import pytest

from filemgr import (
    ROOT,
    Cancelled,
    Denied,
    InvalidQuery,
    NotAFolder,
    Progress,
    Query,
    RelPath,
    Root,
    find,
    size_of,
)
from filemgr.tasks import Unread


@pytest.fixture
def tree(top: Path) -> Path:
    (top / "world" / "region").mkdir(parents=True)
    (top / "server.properties").write_text("motd=Hello\nport=25565\n")
    (top / "world" / "Level.dat").write_bytes(b"\0motd binary")
    (top / "world" / "region" / "notes.txt").write_text("first\nthe MOTD is here\n" + "x" * 1000 + "motd\n")
    (top / "long").write_text("y" * 100_000 + "motd\nmotd again")
    (top / "link").symlink_to("server.properties")
    os.mkfifo(top / "motd-fifo")
    return top


def found(root: Root, text: str, path: str = "", **options: object) -> list[str]:
    query = Query(text, **options)  # type: ignore[arg-type]
    hits = find(root, RelPath.parse(path), query, Progress())
    return [hit.path if hit.line is None else f"{hit.path}:{hit.line}:{hit.column}" for hit in hits]


def test_names_are_found_by_a_part_or_by_a_pattern(root: Root, tree: Path) -> None:
    assert found(root, "level") == ["/world/Level.dat"]
    assert found(root, "level", case=True) == []
    assert found(root, "*.TXT") == ["/world/region/notes.txt"]
    assert found(root, "world/*.txt") == ["/world/region/notes.txt"]
    assert found(root, "region", "world") == ["/world/region"]
    assert found(root, "^(link|long)$", regex=True) == ["/link", "/long"]
    assert found(root, "[") == []


def test_lines_are_found_and_what_is_no_text_is_left_out(root: Root, tree: Path) -> None:
    assert found(root, "motd", content=True) == [
        "/long:1:100001",
        "/long:2:1",
        "/server.properties:1:1",
        "/world/region/notes.txt:2:5",
        "/world/region/notes.txt:3:1001",
    ]
    assert found(root, r"port=\d+", content=True, regex=True) == ["/server.properties:2:1"]
    left_out: list[str] = []
    query = Query("motd", content=True, largest=50_000, case=True)
    hits = list(find(root, ROOT, query, Progress(), lambda entry, _: left_out.append(entry.path)))
    assert hits[0].path == "/server.properties"
    assert left_out == ["long"]
    assert len(found(root, "motd", content=True, most=2)) == 2


def test_a_long_line_is_shown_around_what_was_found(root: Root, tree: Path) -> None:
    hits = list(find(root, RelPath.parse("world"), Query("motd", content=True), Progress()))
    assert hits[1].text == "x" * 100 + "motd"


def test_nonsense_is_refused(root: Root, tree: Path) -> None:
    for query in (Query(""), Query("(", regex=True), Query("*" * 5, content=True, regex=True)):
        with pytest.raises(InvalidQuery):
            list(find(root, ROOT, query, Progress()))


def test_a_search_stops_when_asked(root: Root, tree: Path) -> None:
    with pytest.raises(Cancelled):
        list(find(root, ROOT, Query("x"), Progress(stop=lambda: True)))


def test_a_folder_is_measured_with_hard_links_once_and_holes_not_at_all(root: Root, top: Path) -> None:
    (top / "a" / "b").mkdir(parents=True)
    (top / "a" / "one").write_bytes(b"x" * 5000)
    os.link(top / "a" / "one", top / "a" / "b" / "two")
    with open(top / "a" / "hole", "wb") as file:
        file.truncate(1 << 30)
    (top / "a" / "link").symlink_to("one")
    size = size_of(root, RelPath.parse("a"), Progress())
    assert (size.bytes, size.files, size.folders) == (5000 + (1 << 30), 4, 1)
    assert size.on_disk < 1 << 20
    with pytest.raises(NotAFolder):
        size_of(root, RelPath.parse("a/one"), Progress())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make what somebody else may not read")
def test_what_may_not_be_read_is_left_out_and_told(top: Path, root: Root) -> None:
    for name in ("open", "closed"):
        (top / name).mkdir(mode=0o755 if name == "open" else 0o700)
        (top / name / "one.txt").write_text("1")
    for path in (top.parent, *top.parent.parents):
        path.chmod(path.stat().st_mode | 0o005)
    os.seteuid(12345)
    try:
        unread = Unread()
        hits = [hit.path for hit in find(root, ROOT, Query("*.txt"), Progress(), unread)]
        assert (hits, unread.count) == (["/open/one.txt"], 1)
        assert size_of(root, ROOT, Progress(), unread).files == 1
        assert unread.count == 2
        with pytest.raises(Denied):
            list(find(root, RelPath.parse("closed"), Query("x"), Progress(), unread))
        with pytest.raises(Denied):
            size_of(root, ROOT, Progress())
    finally:
        os.seteuid(0)
