"""Where a Holdfast is, and by what right one comes."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .failures import CannotConnect


@dataclass(frozen=True, slots=True)
class Target:
    """A Unix socket, or an address with a token (a session's or an API key); one of both."""

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
            parts = urlsplit(self.url)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise CannotConnect(self.url, "that is no address that begins with http:// or https://")
            if parts.username is not None or parts.query or parts.fragment:
                raise CannotConnect(parts.hostname, "the address may hold no user, query or fragment")
            try:
                _ = parts.port
            except ValueError:
                raise CannotConnect(self.url, "that is no port") from None

    @property
    def where(self) -> str:
        """The place, for people."""
        return self.socket or self.url

    @property
    def secure(self) -> bool:
        """Whether what goes there is encrypted."""
        return self.url.startswith("https:")

    @property
    def base(self) -> str:
        """The address before each path, without a slash at its end."""
        return self.url.rstrip("/") if self.url else "http://localhost"

    @property
    def headers(self) -> dict[str, str]:
        """What each request says of who asks."""
        return {"Authorization": self.token} if self.token else {}

    @property
    def private(self) -> bool:
        """Whether nobody on the way can read along: it is encrypted, or stays on this machine."""
        return not self.url or self.secure or _is_loopback(urlsplit(self.url).hostname or "")


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
        return host == "localhost" or host.endswith(".localhost")
