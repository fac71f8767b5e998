"""`Content-Disposition` of a file that is downloaded (RFC 6266)."""

import re
from urllib.parse import quote

_TOKEN = re.compile(r"[A-Za-z0-9!#$&+.^_`|~-]+")
_QUOTABLE = re.compile(r"[ !#$&-\[\]-~]+")


def attachment(name: str) -> str:
    """Return the header for a name: bare where it can be, as Octyne has it, and never two names in one.

    What is not plain text is told in `filename*`, with a plain name in `filename` for who does not know that.
    """
    if _TOKEN.fullmatch(name):
        return f"attachment; filename={name}"
    if _QUOTABLE.fullmatch(name):
        return f'attachment; filename="{name}"'
    plain = re.sub(r'[^\x20-\x7e]|["\\%]', "_", name)
    # The characters of RFC 8187, section 3.2.1, that need no percents.
    extended = quote(name, safe="!#$&+-.^_`|~")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{extended}"
