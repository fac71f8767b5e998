"""What the config says of the way in, as far as it matters here. Whether it is valid, the daemon says."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

_PORT, _WEB_PORT = 42069, 7877


@dataclass(frozen=True, slots=True)
class Settings:
    """The keys of a config that say where Holdfast is, and how many may come."""

    port: int = _PORT
    listen: str = ""
    """Nothing: all addresses."""
    web_port: int | None = _WEB_PORT
    """The web page's. None if it has none; then it may be on the API's."""
    web_on_api: bool = False
    """Whether the web page is on the API's port, too."""
    https: bool = False
    proxies: bool = False
    socket: str | None = None
    """None if it is switched off."""
    group: str = ""
    logs: str | None = None
    """None if there is no audit log."""
    connections: int = 8192
    folders: Mapping[str, str] | None = None
    """Of the servers."""
    limited: tuple[str, ...] = ()
    """Servers with `limits`."""


def read_settings(path: str) -> Settings:
    """Return what a config says; raises `OSError`, and `ValueError` for what cannot be understood."""
    import hjson  # noqa: PLC0415  (only the doctor reads configs)

    with open(path, encoding="utf-8-sig") as file:
        text = file.read()
    # hjson looks for a line feed to find an indent; without one before the first line it runs past it.
    root = _Folded(hjson.loads("\n" + text))
    base = os.path.dirname(os.path.abspath(path))
    port = root.number("port", _PORT)
    way, https, logs = root.below("unixSocket"), root.below("https"), root.below("logging")
    usual = os.path.join(os.environ.get("TMPDIR") or "/tmp", f"octyne.sock.{port}")  # noqa: S108
    page, servers = root.below("webUI"), root.below("servers")
    names = list(servers.keys)
    folders = {name: _path(base, servers.below(name).text("directory")) for name in names}
    return Settings(
        port=port,
        listen=root.text("listen"),
        web_port=page.number("port", _WEB_PORT) if page.flag("enabled", True) else None,
        web_on_api=page.flag("onApiPort", False),
        https=https.flag("enabled", False),
        proxies=bool(root.get("proxies")),
        socket=_path(base, way.text("location") or usual) if way.flag("enabled", True) else None,
        group=way.text("group"),
        logs=_path(base, logs.text("path") or "logs") if logs.flag("enabled", True) else None,
        connections=root.below("limits").number("connections", 8192),
        folders=folders,
        limited=tuple(name for name in names if servers.below(name).get("limits")),
    )


class _Folded:
    """An object whose keys may differ in case."""

    def __init__(self, value: object) -> None:
        self._value = dict(value) if isinstance(value, Mapping) else {}
        self._names = {str(name).lower(): name for name in self._value}

    @property
    def keys(self) -> list[str]:
        return [str(name) for name in self._value]

    def get(self, key: str) -> object:
        return self._value.get(key, self._value.get(self._names.get(key.lower())))

    def below(self, key: str) -> "_Folded":
        return _Folded(self.get(key))

    def text(self, key: str) -> str:
        value = self.get(key)
        return value if isinstance(value, str) else ""

    def flag(self, key: str, default: bool) -> bool:
        value = self.get(key)
        return value if isinstance(value, bool) else default

    def number(self, key: str, default: int) -> int:
        value = self.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else default


def _path(base: str, text: str) -> str:
    return str(PurePath(base, os.path.expanduser(text)))
