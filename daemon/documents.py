"""What we publish about ourselves: the OpenAPI document, and the page that shows it. Made once."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

from .apipage import POLICY, render


@dataclass(frozen=True, slots=True)
class Published:
    """A text that stays what it is for as long as we run."""

    text: bytes
    media_type: str
    etag: str
    since: int
    """The second since 1970 in which it was made."""
    policy: str
    """What a browser lets it do: its Content-Security-Policy."""


class Documents:
    """What is published; `document` is OpenAPI as JSON data."""

    def __init__(self, document: Mapping[str, object]) -> None:
        data = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        self.openapi = _published(data, "application/json", "default-src 'none'; frame-ancestors 'none'")
        self.page = _published(render(document), "text/html; charset=utf-8", POLICY)


def _published(text: str, media_type: str, policy: str) -> Published:
    data = text.encode()
    etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    return Published(data, media_type, etag, int(time.time()), policy)
