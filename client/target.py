"""Where a Holdfast is, and by what right one comes."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .failures import CannotAsk, CannotConnect

if TYPE_CHECKING:
    import ssl


@dataclass(frozen=True, slots=True)
class Target:
    """A Unix socket, or an address with a token (a session's or an API key); one of both.

    Raises `CannotConnect` for an address that is none, `CannotAsk` for a token that is none.
    """

    socket: str = ""
    """The path of the Unix socket."""
    url: str = ""
    """`http://` or `https://`, host, port, and a path if a proxy wants one."""
    token: str = field(default="", repr=False)
    ca: str = ""
    """A PEM file with the certificates to trust, if not those of the system."""

    def __post_init__(self) -> None:
        if bool(self.socket) == bool(self.url):
            raise ValueError("a target is a Unix socket or a URL, one of both")
        if self.url:
            _check(self.url)
        if not (self.token.isascii() and self.token.isprintable()):
            raise CannotAsk("the token holds characters that no token has")

    @property
    def where(self) -> str:
        """The place, for people."""
        return self.socket or self.url

    @property
    def secure(self) -> bool:
        """Whether what goes there is encrypted."""
        return urlsplit(self.url).scheme == "https"

    @property
    def base(self) -> str:
        """The address before each path, without a slash at its end."""
        return self.url.rstrip("/") if self.url else "http://localhost"

    @property
    def headers(self) -> dict[str, str]:
        """What each request says of who asks."""
        said = {"User-Agent": "holdfast", "Accept-Encoding": "identity"}
        return {**said, "Authorization": self.token} if self.token else said

    @property
    def private(self) -> bool:
        """Whether nobody on the way can read along: it is encrypted, or stays on this machine."""
        return not self.url or self.secure or _is_loopback(urlsplit(self.url).hostname or "")

    def trust(self) -> "ssl.SSLContext":
        """Return how its certificate is checked; raises `CannotConnect` if `ca` cannot be read."""
        import ssl  # noqa: PLC0415  (most go over the Unix socket)

        try:
            return ssl.create_default_context(cafile=self.ca or None)
        except (OSError, ValueError) as exc:
            said = "there are none" if isinstance(exc, ssl.SSLError) else getattr(exc, "strerror", None)
            raise CannotConnect(self.where, f"the certificates in {self.ca}: {said or exc}") from exc


def _check(url: str) -> None:
    """Raise `CannotConnect` for an address that is none; its user and password are not repeated."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise CannotConnect("the address", "it is none: its host or port cannot be read") from None
    if parts.username is not None or parts.query or parts.fragment:
        raise CannotConnect(parts.hostname or "the address", "it may hold no user, query or fragment")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CannotConnect(url, "that is no address that begins with http:// or https://")
    if not (url.isascii() and url.isprintable()) or " " in url:
        raise CannotConnect(ascii(url), "an address has no blanks and no characters beyond ASCII")


def same_address(one: str, other: str) -> bool:
    """Tell whether two addresses name the same place."""
    return _place(one) == _place(other)


def _place(url: str) -> tuple[str, str, int | None, str]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", port, parts.path.rstrip("/")


def _is_loopback(host: str) -> bool:
    import ipaddress  # noqa: PLC0415  (most go over the Unix socket)

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        # Not what is below it: not every resolver knows that such a name stays here.
        return host == "localhost"
