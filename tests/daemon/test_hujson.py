import contextlib
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.hujson import MAX_BYTES, MAX_DEPTH, read
from daemon.values import ConfigError, Data, Value


def plain(value: Value) -> object:
    """Return the value as `json.loads` would."""
    data: Data = value.data
    if isinstance(data, tuple):
        return [plain(item) for item in data]
    if isinstance(data, bool | int | float | str) or data is None:
        return data
    return {key: plain(item) for key, item in data.items()}


def warnings_of(text: str) -> list[str]:
    return [str(one) for one in read(text.encode(), "f").source.warnings]


def error_of(data: bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        read(data, "f")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1}', {"a": 1}),
        ("{}", {}),
        ("// a\n{} # b\n/* c */", {}),
        ('{"a": [1, 2,], "b": {"c": 3,},}', {"a": [1, 2], "b": {"c": 3}}),
        ('{"a": "// b", "b": "/* c */"}', {"a": "// b", "b": "/* c */"}),
        ('{"a": 1// b\n}', {"a": 1}),
        ('{"a": 1/* b */, "b": true /* c */}', {"a": 1, "b": True}),
        ('\ufeff{"a": 1}', {"a": 1}),
        ('{\r\n"a": 1,\r\n"b": "x"\r\n}\r\n', {"a": 1, "b": "x"}),
        ("a: 1\nb: some words\nc: 'x'", {"a": 1, "b": "some words", "c": "x"}),
        (
            "a: 127.0.0.1\nb: 007\nc: nullable\nd: -",
            {"a": "127.0.0.1", "b": "007", "c": "nullable", "d": "-"},
        ),
        ("a: redis://x # y", {"a": "redis://x # y"}),
        ("a: true # y\nb: null // y\nc: -1.5e3 # y", {"a": True, "b": None, "c": -1500.0}),
        ("a: ١٢", {"a": "١٢"}),
        ("{a: '''x'''}", {"a": "x"}),
        ("a:\n  '''\n  x\n    y\n  '''\nb: 1", {"a": "x\n  y", "b": 1}),
        (r'{"a": "C:\\x \u00e9\ud83d\ude00"}', {"a": "C:\\x é😀"}),
        ('{"": 1}', {"": 1}),
        ("{a: [x\ny\n]}", {"a": ["x", "y"]}),
    ],
)
def test_every_dialect_is_read(text: str, expected: object) -> None:
    assert plain(read(text.encode(), "f")) == expected


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "f:1:1: the file is empty"),
        (b"  \n ", "f:1:1: the file is empty"),
        (b"// only\n/* comments */\n# here\n", "f:1:1: the file is empty"),
        (b"null", "f:1:1: expected an object"),
        (b"[]", "f:1:1: expected an object"),
        (b'\n  "x"', "f:2:3: expected an object"),
        (b"{\n  a: 1 /* b\n}", "f:2:8: this comment is never closed"),
        (b"/*", "f:1:1: this comment is never closed"),
        (b'{"a": "/* b */" /* c *', "f:1:17: this comment is never closed"),
        (b'{"a": "b', "f:1:7: this string is never closed"),
        (b"{a: '''b", "f:1:5: this ''' string is never closed"),
        (b"{a: '''", "f:1:5: this ''' string is never closed"),
        (b'{"a": "b\nc"}', "f:1:9: a quoted string must not contain a line break or control character"),
        (b'{"a": "\\q"}', "f:1:8: there is no such escape"),
        (b'{"a": "\\u00zz"}', "f:1:8: expected four hexadecimal digits after \\u"),
        (b'{"a": "\\u-123"}', "f:1:7: an escape in or behind this value is no character"),
        (b'{"a": {"b": "\\ud800"}}', "f:1:13: a.b: must not contain NUL or half of a surrogate pair"),
        (b'{"a": {"b": "\\u0000"}}', "f:1:13: a.b: must not contain NUL or half of a surrogate pair"),
        (b'{"\\udc00": 1}', 'f:1:12: "\\udc00": must not contain NUL or half of a surrogate pair'),
        (b"{a: [NaN]}", "f:1:6: NaN is not a number that can be used"),
        (b"{a: -Infinity}", "f:1:5: -Infinity is not a number that can be used"),
        (b"{a: 1e999}", "f:1:5: 1e999 is not a number that can be used"),
        (b"{a: 1}}", "f:1:7: expected the end of the text, got '}'"),
        (b"{a: ]}", "f:1:5: expected a value, got ']'"),
        (b"{a: [1,,2]}", "f:1:8: expected a value, got ','"),
        (b'{"a" 1}', "f:1:6: expected a colon after the key"),
        (b'{\n"a": \n', "f:3:1: the text ends, but the { of line 1 is open"),
        (b'{"a": [\n1,\n', "f:3:1: the text ends, but the [ of line 1 is open"),
        (b'{\n"a": {\n"b": 1\n}\n', "f:5:1: the text ends, but the { of line 1 is open"),
        (b"a: 1\nb", "f:2:2: the text ends where a key and a value were expected"),
        (b"\xff\xfe{\0}\0", "f:1:1: byte 0xff is not UTF-8"),
        (b'{\n"a\xc3\xa9": "\xc3"}', "f:2:8: byte 0xc3 is not UTF-8"),
        (b"{\n a\0: 1}", "f:2:3: a NUL character has no place in a config"),
    ],
)
def test_a_mistake_is_named_with_its_place(data: bytes, message: str) -> None:
    assert error_of(data) == message


def test_a_bracket_lost_in_text_without_quotes_is_named_with_its_line() -> None:
    assert error_of(b"{\n  a: b }") == (
        "f:2:9: the text ends, but the { of line 1 is open;"
        " in line 2, text without quotes took the rest of the line, brackets too"
    )


def test_a_missing_comma_is_named_with_its_line() -> None:
    assert error_of(b'{\n  "a": 1 "b": 2\n}') == 'f:2:10: a comma is missing before "b"'
    assert error_of(b'{\n  "a": true\t"b" : {\n}}') == 'f:2:13: a comma is missing before "b"'


def test_a_key_that_stands_twice_is_named_with_both_lines() -> None:
    message = error_of(b'{"a": {\n"b": 1,\n"c": 2,\n"b": 3}}')
    assert message == "f:4:6: a.b: stands here for the second time, after line 2"


def test_the_same_key_in_two_objects_is_fine() -> None:
    assert plain(read(b"{a: {x: 1}, b: {x: 2}}", "f")) == {"a": {"x": 1}, "b": {"x": 2}}


@pytest.mark.parametrize("text", ["a: x // y", "a: x # y", "a: x /* y */", "a: x,"])
def test_a_comment_or_comma_inside_of_text_without_quotes_is_a_warning(text: str) -> None:
    assert warnings_of(text) == [
        "f:1:4: a: text without quotes takes the rest of its line, comment and comma too"
    ]


@pytest.mark.parametrize("text", ["a: http://x/#y", 'a: "x // y"', "a: 'x,'", "a: 1 // y", "a: x, y"])
def test_what_only_looks_like_a_swallowed_comment_is_no_warning(text: str) -> None:
    assert warnings_of(text) == []


def test_every_value_knows_its_key_and_its_place() -> None:
    root = read('\ufeff{\r\n  "é": [1, {"b": "x"}]}'.encode(), "f")
    assert isinstance(root.data, dict)
    items = root.data["é"].data
    assert isinstance(items, tuple)
    inner = items[1].data
    assert isinstance(inner, dict)
    assert str(inner["b"].error("here")) == "f:2:18: é[1].b: here"
    assert str(root.error("here")) == "f:1:1: here"


def test_a_key_cannot_forge_a_line_of_the_log() -> None:
    assert "\n" not in error_of(b'{"a\\nb": 1, "a\\nb": 2}')


def test_a_hundred_levels_are_read_and_one_more_is_not() -> None:
    levels = MAX_DEPTH - 1
    read(b'{"a":' + b"[" * levels + b"]" * levels + b"}", "f")
    message = error_of(b'{"a":' + b"[" * (levels + 1) + b"]" * (levels + 1) + b"}")
    assert message == "f:1:105: nested more than 100 levels deep"


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b"{a:", b"{a:[", b"/*", b"'", b"'''", b"a", b"-", b"\\"])
def test_a_mebibyte_of_anything_ends_in_an_error(opening: bytes) -> None:
    error_of(b'{"a":' + opening * ((MAX_BYTES - 5) // len(opening)))


@pytest.mark.parametrize(
    "piece", ["n,", "1,", "''' '''", '"x" ', "1 ", "a:1,", "#", "'", "a: b //\n", "1e", "1."]
)
def test_no_mebibyte_takes_long(piece: str) -> None:
    data = ("{a: [" + piece * ((MAX_BYTES - 5) // len(piece))).encode()
    began = time.process_time()
    with contextlib.suppress(ConfigError):
        read(data, "f")
    assert time.process_time() - began < 20  # these took hours in hjson itself


def test_a_hundred_megabytes_are_refused_unread() -> None:
    assert error_of(b" " * 100_000_000) == "f: is larger than 1048576 bytes"


def test_warnings_do_not_pile_up() -> None:
    assert len(warnings_of("".join(f"k{n}: x // y\n" for n in range(1000)))) == 100


keys = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
leaves = st.none() | st.booleans() | st.integers(-(10**90), 10**90) | st.floats(allow_nan=False) | keys
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4)
)


@given(st.dictionaries(keys, values, max_size=5), st.booleans(), st.sampled_from([None, 0, 2]))
@settings(deadline=None, max_examples=300)
def test_plain_json_means_what_it_means_to_json(
    data: dict[str, object], ascii_only: bool, indent: int | None
) -> None:
    text = json.dumps(data, ensure_ascii=ascii_only, indent=indent)
    if "Infinity" in text:
        return
    assert plain(read(text.encode(), "f")) == json.loads(text)


marks = ["{", "}", "[", "]", ":", ",", '"', "'", "'''", "/*", "*/", "//", "#", "\\", "\\u", "\n", "\r\n", " "]
words = [
    "a",
    "b:",
    '"a":',
    "true",
    "null",
    "NaN",
    "-",
    "0",
    "12",
    ".5",
    "e9",
    "-1",
    "é",
    "\t",
    "\ufeff",
    "\x1f",
]
tokens = st.sampled_from([*marks, *words])


@given(st.lists(tokens, max_size=40).map(lambda parts: "".join(parts).encode()) | st.binary(max_size=60))
@settings(deadline=None, max_examples=3000)
def test_any_bytes_are_a_value_or_a_config_error(data: bytes) -> None:
    error: ConfigError | None = None
    try:
        read(data, "f")
    except ConfigError as exc:
        error = exc
    if error:
        assert 1 <= error.line <= data.count(b"\n") + 1
        assert error.column >= 1
