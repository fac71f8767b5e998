"""What this terminal can show."""

import locale
import os
import sys
from collections.abc import Iterator

from .findings import Finding, Level
from .subject import Subject


def language(subject: Subject) -> Iterator[Finding]:
    """Look at whether text is UTF-8."""
    del subject
    encoding = locale.getencoding() if not sys.flags.utf8_mode else "UTF-8"
    named = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or "none"
    if encoding.upper().replace("-", "") == "UTF8" or (sys.stdout.encoding or "").upper() == "UTF-8":
        yield Finding("locale", Level.OK, f"UTF-8 ({named})")
        return
    cost = "output of programs is shown with question marks"
    yield Finding("locale", Level.WARN, f"{encoding} ({named})", cost, "export LANG=C.UTF-8")
