"""A command in the config: a list of words, or a text that is split as a shell would."""

import re
import shlex

from .values import Value

_QUOTING = re.compile(r"[\\'\"]")
_WORD = re.compile(r"[^ \t\r\n]+")


def read_command(value: Value) -> tuple[str, ...]:
    """Return the words of a command; raises `ConfigError`. No shell is asked."""
    if isinstance(value.data, tuple):
        words = tuple(word.text() for word in value.data)
    elif isinstance(value.data, str):
        try:
            # Without quotes it is the same in a tenth of the time, which counts with a thousand servers.
            plain = _QUOTING.search(value.data) is None
            words = tuple(_WORD.findall(value.data) if plain else shlex.split(value.data))
        except ValueError as exc:  # "No closing quotation", "No escaped character"
            raise value.error(f"cannot be split into words: {str(exc).lower()}") from exc
    else:
        raise value.expected("a string or a list of strings")
    if not words or not words[0]:
        raise value.error("expected a command, got nothing to run")
    return words
