"""Texts of the config with placeholders in them: `{server} crashed: {reason}`.

Rules:
- A placeholder is one of the words below in braces, and nothing else; other braces are what they are. A word
  in braces that is none of them is a mistake, so that a typo does not wait for the first crash.
- What is put in is never looked at again: a program that prints `{host}` has printed just that.
- This is no `str.format`: with that, a text could ask for attributes, and so for whatever is in memory.
"""

import re
from collections.abc import Mapping

WORDS = ("server", "kind", "reason", "lines", "exit", "time", "host")

_WORD = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.\[\]!:<>^=+-]*)\}")


class UnknownPlaceholder(Exception):
    """A text has a word in braces that stands for nothing."""


class Template:
    """A text with placeholders; raises `UnknownPlaceholder` when made of one with an unknown word."""

    def __init__(self, text: str) -> None:
        self._parts: list[tuple[str, str]] = []
        """Texts, each with the word that follows it; empty after the last."""
        at = 0
        for found in _WORD.finditer(text):
            if found[1] not in WORDS:
                known = ", ".join(f"{{{word}}}" for word in WORDS)
                raise UnknownPlaceholder(f"expected one of {known}, got {{{found[1]}}}")
            self._parts.append((text[at : found.start()], found[1]))
            at = found.end()
        self._parts.append((text[at:], ""))

    def fill(self, words: Mapping[str, str]) -> str:
        """Return the text with all words put in; one that is not given is empty."""
        return "".join(text + words.get(word, "") for text, word in self._parts)
