"""The config: what Octyne calls `config.json`, typed, with every default filled in.

`parse_config` depends on the text, the folder, TMPDIR and the home folders. `ConfigFile` is the file on disk:
it does not wait for what is no file, and it replaces the text in one step or not at all.
"""

import ipaddress
import os
import re
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import PurePath

from supervisor import open_without_waiting, replace_file

from .accesssettings import (
    LocalSettings,
    LoginSettings,
    read_local_settings,
    read_login_settings,
    read_roles,
)
from .addresses import Network
from .filesettings import FileSettings, read_file_settings
from .hujson import MAX_BYTES, read
from .limitsettings import Limits, read_limits
from .noticesettings import NoticeSettings, read_notice_settings
from .ordersettings import check_order
from .origins import EVERY
from .privileges import Roles
from .serversettings import Server, read_server
from .templates import Templates
from .transportsettings import Https, read_cors, read_https, read_proxies
from .usagesettings import UsageSettings, read_usage_settings
from .values import ConfigError, Section, Value
from .webuisettings import WebUISettings, read_web_ui_settings

__all__ = ["Config", "ConfigError", "ConfigFile", "FileSettings", "Https", "Logging", "Server", "UnixSocket"]
__all__ += ["find_config", "parse_config"]

DEFAULT_PORT = 42069
_MAX_LINES = 10_000_000
_MAX_SOCKET_PATH = 107  # sockaddr_un.sun_path, without the NUL: unix(7)
_HOST = re.compile(r"(?=.{1,253}\Z)(?!\d+(?:\.\d+)*\Z)[\w-]{1,63}(?:\.[\w-]{1,63})*\.?")


@dataclass(frozen=True, slots=True)
class UnixSocket:
    """The local way in; `location` is an absolute path."""

    enabled: bool
    location: str
    group: str | None
    people: LocalSettings = field(default_factory=LocalSettings)


@dataclass(frozen=True, slots=True)
class Logging:
    """The audit log: the absolute path of its folder, the actions switched on or off, rows that are kept."""

    enabled: bool
    path: str
    actions: Mapping[str, bool]
    keep: int = 200_000


@dataclass(frozen=True, slots=True)
class Config:
    """A whole config. `servers` keeps the order of the file; no `listen` means all addresses."""

    port: int
    listen: str | None
    unix_socket: UnixSocket
    https: Https
    logging: Logging
    servers: Mapping[str, Server]
    warnings: tuple[str, ...]
    files: FileSettings = field(default_factory=FileSettings)
    roles: Roles = field(default_factory=dict)
    login: LoginSettings = field(default_factory=LoginSettings)
    proxies: tuple[Network, ...] = ()
    cors: tuple[str, ...] = (EVERY,)
    limits: Limits = field(default_factory=Limits)
    notifications: NoticeSettings = field(default_factory=NoticeSettings)
    usage: UsageSettings = field(default_factory=UsageSettings)
    web_ui: WebUISettings = field(default_factory=WebUISettings)
    remarks: tuple[ConfigError, ...] = field(default=(), compare=False)
    """The warnings, with their places."""


class ConfigFile:
    """The file that the user edits."""

    def __init__(self, path: str) -> None:
        self.path = path

    def read(self) -> bytes:
        """Return the text; raises `ConfigError` for what is not there, no file, not ours or too large."""
        try:
            with open(self.path, "rb", opener=open_without_waiting) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise ConfigError(self.path, 0, 0, "", "is not a regular file")
                text = file.read(MAX_BYTES + 1)
        except OSError as exc:
            raise ConfigError(self.path, 0, 0, "", f"cannot be read: {exc.strerror}") from exc
        if len(text) > MAX_BYTES:
            raise ConfigError(self.path, 0, 0, "", f"is larger than {MAX_BYTES} bytes")
        return text

    def load(self) -> Config:
        """Return the config as it is on disk; raises `ConfigError`."""
        return self.parse(self.read())

    def parse(self, text: bytes) -> Config:
        """Return the config that the text would be if it stood in this file; raises `ConfigError`."""
        return parse_config(text, self.path, os.path.dirname(os.path.abspath(self.path)))

    def write(self, text: bytes) -> None:
        """Replace the text, durably and in one step; raises `OSError`, and then nothing has changed.

        Mode and owner stay where we may set them; a symbolic link stays a link.
        """
        replace_file(self.path, text, prepare=partial(_copy_owner_and_mode, self.path))


def find_config(explicit: str | None, folder: str) -> str:
    """Return the path of the config: the one asked for, or the one in the folder; raises `ConfigError`."""
    if explicit:
        return explicit
    for name in ("config.hjson", "config.json"):
        path = os.path.join(folder, name)
        if os.path.lexists(path):
            return path
    raise ConfigError(folder, 0, 0, "", "there is neither a config.hjson nor a config.json here")


def parse_config(text: bytes, file: str, base: str) -> Config:
    """Return the config; relative paths start at `base`. Raises `ConfigError`, with `file` as the name."""
    root = read(text, file)
    top = Section(root)
    base = os.path.abspath(base)
    port = top.whole("port", DEFAULT_PORT, 0, 65535)
    roles = read_roles(top.section("roles"))
    templates = Templates(top.section("templates"))
    config = Config(
        port=port,
        listen=_listen(top.get("listen")),
        unix_socket=_unix_socket(top.section("unixSocket"), base, port, roles),
        https=read_https(top.section("https"), partial(_path, base=base)),
        logging=_logging(top.section("logging"), base),
        servers={
            name: read_server(name, templates.fill(item), partial(_path, base=base))
            for name, item in top.section("servers").entries()
        },
        warnings=(),
        files=read_file_settings(top.section("files")),
        roles=roles,
        login=read_login_settings(top.section("login")),
        proxies=read_proxies(top.get("proxies")),
        cors=read_cors(top.section("cors")),
        limits=read_limits(top.section("limits")),
        notifications=read_notice_settings(top.section("notifications"), partial(_path, base=base)),
        usage=read_usage_settings(top.section("usage")),
        web_ui=read_web_ui_settings(top.section("webUI"), port, top.get("port")),
    )
    check_order({name: server.order for name, server in config.servers.items()})
    _warn_without_effect(top)
    top.warn_unknown()
    told = tuple(root.source.warnings)
    return replace(config, warnings=tuple(str(one) for one in told), remarks=told)


def _listen(value: Value | None) -> str | None:
    if value is None or not value.text():
        return None
    host = value.text()
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if not _HOST.fullmatch(host):
            raise value.error("expected an IP address or a host name") from None
    return host


def _unix_socket(section: Section, base: str, port: int, roles: Roles) -> UnixSocket:
    enabled = section.flag("enabled", True)
    location = section.text("location", "") or os.path.join(
        os.environ.get("TMPDIR") or "/tmp",  # noqa: S108 - where Octyne's clients look
        f"octyne.sock.{port}",
    )
    path = _path(location, base)
    value = section.get("location")
    if value is not None and len(path.encode("utf-8", "surrogateescape")) > _MAX_SOCKET_PATH:
        raise value.error(f"expected at most {_MAX_SOCKET_PATH} bytes for the path of a socket: {path}")
    group = section.text("group", "") or None
    people = read_local_settings(section, roles)
    return UnixSocket(enabled, path, group, people)


def _logging(section: Section, base: str) -> Logging:
    enabled = section.flag("enabled", True)
    path = _path(section.text("path", "") or "logs", base)
    actions = {name: value.flag() for name, value in section.section("actions").entries()}
    keep = section.whole("keep", 200_000, 100, _MAX_LINES)
    section.warn_unknown()
    return Logging(enabled, path, actions, keep)


def _warn_without_effect(top: Section) -> None:
    """Accept what Octyne has and we have not; say so where it is switched on."""
    redis = top.section("redis")
    redis.text("url", "")
    redis.text("role", "")
    if redis.flag("enabled", False) and top.get("redis") is not None:
        redis.value.warn("is accepted but has no effect yet")
    redis.warn_unknown()


def _path(text: str, base: str) -> str:
    # Not normpath: behind a symbolic link, `..` is not the folder that it seems to be.
    return str(PurePath(base, os.path.expanduser(text)))


def _copy_owner_and_mode(path: str, fd: int) -> None:
    try:
        old = os.stat(path)
    except FileNotFoundError:
        return
    with suppress(PermissionError):
        os.fchown(fd, old.st_uid, old.st_gid)
    os.fchmod(fd, stat.S_IMODE(old.st_mode))
