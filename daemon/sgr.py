"""Colours of terminal text (ECMA-48, SGR): what is on, as a value that is small whatever was sent."""

from functools import lru_cache

Style = tuple[str, ...]
"""The codes that are on, in an order of their own: of each kind at most one."""

PLAIN: Style = ()

_ON = {1: "bold", 2: "faint", 3: "italic", 4: "underline", 21: "underline", 5: "blink", 6: "blink"}
_ON |= {7: "inverse", 8: "hidden", 9: "struck", 53: "overline"}
_ON |= dict.fromkeys((*range(30, 39), *range(90, 98)), "foreground")
_ON |= dict.fromkeys((*range(40, 49), *range(100, 108)), "background")
_ON |= {58: "underline colour"}
_OFF = {22: ("bold", "faint"), 23: ("italic",), 24: ("underline",), 25: ("blink",), 27: ("inverse",)}
_OFF |= {28: ("hidden",), 29: ("struck",), 55: ("overline",), 39: ("foreground",), 49: ("background",)}
_OFF |= {59: ("underline colour",)}
_KINDS = tuple(dict.fromkeys(_ON.values()))
_LONGER = {"5": 2, "2": 4}
"""Parameters behind 38, 48 or 58: of a colour by its number, and by red, green and blue."""


@lru_cache(4096)
def restyled(style: Style, parameters: str) -> Style:
    """Return what is on after `ESC [ parameters m`; what is unknown changes nothing."""
    on = {_ON[_number(code)]: code for code in style}
    codes = parameters.split(";")
    while codes:
        code = codes.pop(0)
        number = _number(code)
        if number in (38, 48, 58) and ":" not in code:
            rest = _LONGER.get(codes[0], 0) if codes else 0
            colour, codes = codes[:rest], codes[rest:]
            if not rest or len(colour) < rest or not all(map(str.isdigit, colour)):
                continue
            code = ";".join([code, *colour])
        if number == 0:
            on.clear()
        elif code == "4:0":
            on.pop("underline", None)
        elif number in _ON:
            on[_ON[number]] = code
        for kind in _OFF.get(number, ()):
            on.pop(kind, None)
    return tuple(on[kind] for kind in _KINDS if kind in on)


def sequence(style: Style) -> str:
    """Return what turns exactly this on, and all else off."""
    return f"\x1b[0;{';'.join(style)}m" if style else "\x1b[m"


def _number(code: str) -> int:
    """Return the number that a code begins with; 0 for none, -1 for garbage."""
    head, _, rest = code.partition(":")
    head = head.partition(";")[0]
    if not head and not rest:
        return 0
    return int(head) if head.isdigit() and head.isascii() and len(head) <= 3 else -1
