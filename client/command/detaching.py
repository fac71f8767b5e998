"""The keys by which one leaves a console whose every other key goes to the program."""

from dataclasses import dataclass

from .exits import Exit, Stop

USUAL = "ctrl-]"
"""That of telnet and virsh: shells, editors and games hardly use it."""

_CTRL = {f"ctrl-{chr(code + 0x60)}": code for code in range(1, 27)} | {
    "ctrl-@": 0x00,
    "ctrl-[": 0x1B,
    "ctrl-\\": 0x1C,
    "ctrl-]": 0x1D,
    "ctrl-^": 0x1E,
    "ctrl-_": 0x1F,
}


@dataclass(frozen=True)
class Keys:
    """A sequence of keys, as bytes and for people."""

    data: bytes
    shown: str


def keys(text: str) -> Keys:
    """Return what `ctrl-p,ctrl-q` or `a` means; raises `Stop` if it means nothing."""
    names = text.split(",")
    codes: list[int] = []
    for name in names:
        if name.lower() in _CTRL:
            codes.append(_CTRL[name.lower()])
        elif len(name) == 1 and " " <= name <= "~":
            codes.append(ord(name))
        else:
            raise Stop(
                f"{name!r} is no key to detach by: say ctrl-X or a letter, several with commas between them",
                Exit.USAGE,
            )
    return Keys(bytes(codes), " ".join(_for_people(name) for name in names))


def _for_people(name: str) -> str:
    low = name.lower()
    return f"Ctrl-{low[-1].upper()}" if low in _CTRL else name


class Detaching:
    """Finds the sequence among what is typed. What only began like it goes on to the program."""

    def __init__(self, sequence: bytes) -> None:
        self._sequence = sequence
        self._held = b""

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """Return what the program shall get, and whether the sequence is complete."""
        data = self._held + data
        found = data.find(self._sequence)
        if found >= 0:
            self._held = b""
            return data[:found], True
        for length in range(min(len(self._sequence) - 1, len(data)), 0, -1):
            if data.endswith(self._sequence[:length]):
                self._held = data[-length:]
                return data[:-length], False
        self._held = b""
        return data, False
