"""Paths as clients write them."""

import pytest

from filemgr import InvalidPath, RelPath


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ()),
        ("/", ()),
        (".", ()),
        ("//a///b/", ("a", "b")),
        ("a/./b", ("a", "b")),
        ("a/../b", ("b",)),
        ("/../x", ("x",)),
        ("/../../x/..", ()),
        ("/a/../../x", ("x",)),
        (" a b ", (" a b ",)),
        ("a\nb", ("a\nb",)),
        ("a\\b", ("a\\b",)),
        ("...", ("...",)),
        ("%2e%2e", ("%2e%2e",)),
        ("ünï/日本", ("ünï", "日本")),
        ("x" * 255, ("x" * 255,)),
    ],
)
def test_slashes_and_dots_are_taken_as_octyne_takes_them(text: str, names: tuple[str, ...]) -> None:
    assert RelPath.parse(text).names == names


@pytest.mark.parametrize(
    "text",
    [
        "..",
        "../x",
        "a/../..",
        "a/../../x",
        "./../x",
        "\0",
        "a\0b",
        "a/\udcff",
        "..\\x",
        "a\\..\\..\\x",
        "x" * 256,
        "é" * 128,
        "a/" * 2100,
        "x" * 5000,
        ".holdfast",
        "/.holdfast/trash",
        "a/.holdfast/b",
        "a/.holdfast-0123",
    ],
)
def test_what_could_not_be_below_a_root_is_refused(text: str) -> None:
    with pytest.raises(InvalidPath):
        RelPath.parse(text)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\0", ".holdfast", "x" * 256, "..\\x"])
def test_what_is_no_name_is_not_added(name: str) -> None:
    with pytest.raises(InvalidPath):
        RelPath.parse("a") / name


def test_a_sibling_with_the_same_beginning_is_not_within() -> None:
    assert not RelPath.parse("data_secret/x").is_within(RelPath.parse("data"))
    assert RelPath.parse("data/x").is_within(RelPath.parse("data"))
    assert RelPath.parse("data/x").relative_to(RelPath.parse("/data/")) == "x"
    with pytest.raises(InvalidPath):
        RelPath.parse("data_secret").relative_to(RelPath.parse("data"))
