"""What we publish about ourselves: the OpenAPI document, and the page that shows it. Made when asked."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

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
    """What is published; `document` makes OpenAPI as JSON data.

    It is made when somebody wants it: at the start a tenth of the time went into it.
    """

    def __init__(self, document: Callable[[], Mapping[str, object]]) -> None:
        self._document = document

    @cached_property
    def openapi(self) -> Published:
        """The OpenAPI document."""
        data = json.dumps(self._document(), ensure_ascii=False, separators=(",", ":"))
        return _published(data, "application/json", "default-src 'none'; frame-ancestors 'none'")

    @cached_property
    def page(self) -> Published:
        """The page that shows it."""
        return _published(render(self._document()), "text/html; charset=utf-8", POLICY)

    @cached_property
    def config_schema(self) -> Published:
        """What a config may say."""
        from .configschema import config_schema  # noqa: PLC0415  (nobody's first answer waits for it)

        data = json.dumps(config_schema(), ensure_ascii=False, separators=(",", ":"))
        return _published(data, "application/schema+json", "default-src 'none'; frame-ancestors 'none'")


def _published(text: str, media_type: str, policy: str) -> Published:
    data = text.encode()
    etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    return Published(data, media_type, etag, int(time.time()), policy)
