"""Which Holdfast is meant, and by what right one comes to it.

The first of these that there is:

| | |
|---|---|
| `--socket PATH` | |
| `--url URL` | token: `--token`, `--token-file`, `HOLDFAST_TOKEN`, or that of the context with this address |
| `--context NAME` | `local`: the Holdfast of this machine is looked for, as below |
| `--config FILE` | what runs by it on this machine |
| `HOLDFAST_SOCKET` | |
| `HOLDFAST_URL` | with a token, as above |
| `HOLDFAST_CONTEXT` | |
| the current context | if one was chosen: `holdfast context use NAME` |
| `config.hjson` or `config.json` in this folder | what runs by it, or has run: no other one instead |
| `/run/holdfast/api.sock`, `$XDG_RUNTIME_DIR/holdfast/api.sock` | where packages put the socket |
| `$TMPDIR/octyne.sock.42069` | where Octyne's clients look |

So what is said wins over what is remembered, and that over what happens to be here. `HOLDFAST_TOKEN` belongs
to `HOLDFAST_URL`, if there is one: no other address is shown it. No token goes unencrypted over a network.
"""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from .contexts import LOCAL, Context, Contexts
from .failures import Failure
from .place import PRIVATE, config_in, started_place
from .target import Target, same_address

USUAL = (
    "/run/holdfast/api.sock",
    "{XDG_RUNTIME_DIR}/holdfast/api.sock",
)

OCTYNE = "octyne.sock.42069"
"""In the folder for temporary files: where Octyne's clients look."""

TEMPORARY = "/tmp"  # noqa: S108  (is_ours says whom we trust there)


class NotFound(Failure):
    """There is no Holdfast where one could be; the message names the places."""


class Unencrypted(Failure):
    """A token would go over a network where others can read it."""


class TokenUnusable(Failure):
    """A file shall hold a token, and holds none, or shows it to others."""


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of it, as by the options of a command; empty: nothing."""

    socket: str = ""
    url: str = ""
    token: str = field(default="", repr=False)
    token_file: str = ""
    ca: str = ""
    context: str = ""

    @property
    def whom(self) -> str:
        """What names a Holdfast."""
        return self.socket or self.url or self.context


@dataclass(frozen=True, slots=True)
class Found:
    """The Holdfast that is meant, and what has named it."""

    target: Target
    by: str
    context: str = ""
    """The name of the context by which one comes, if there is one."""


def find(environment: Mapping[str, str] = os.environ, folder: str = ".", said: Said | None = None) -> Target:
    """Return the Holdfast that is meant here; raises `NotFound`, `NoSuchContext`, `Unencrypted`."""
    return found(said or Said(), environment, folder).target


Reader = Callable[[str], str | None]
"""Returns the socket that a config names; None if it cannot be read."""


def found(
    said: Said,
    environment: Mapping[str, str] = os.environ,
    folder: str = ".",
    read: Reader = lambda _: None,
) -> Found:
    """Return the Holdfast that is meant, and why that one; raises as `find` does.

    `read` is asked for a config whose state is out of reach: the library cannot read configs.
    """
    around = partial(look_around, environment, folder, read)
    if said.socket:
        return Found(Target(socket=said.socket), "--socket")
    if said.url:
        return _address(said.url, "--url", said, environment)
    if said.context:
        return _named(said.context, "--context", said, environment, around)
    if socket := environment.get("HOLDFAST_SOCKET"):
        return Found(Target(socket=socket), "HOLDFAST_SOCKET")
    if url := environment.get("HOLDFAST_URL"):
        return _address(url, "HOLDFAST_URL", said, environment)
    if name := environment.get("HOLDFAST_CONTEXT"):
        return _named(name, "HOLDFAST_CONTEXT", said, environment, around)
    if name := Contexts.usual(environment).read().current:
        return _named(name, "holdfast context use", said, environment, around)
    return Found(Target(socket=around()), "looking around")


def look_around(
    environment: Mapping[str, str] = os.environ, folder: str = ".", read: Reader = lambda _: None
) -> str:
    """Return the socket of the Holdfast of this machine; raises `NotFound`.

    Who stands in the folder of one means that one, also while it does not run: never another one instead.
    """
    config = config_in(folder)
    if config is not None and not _trusted(config):
        config = None  # in /tmp, anybody could leave one that names a socket of his own
    here = (
        started_place(config).api if config is not None and _trusted(os.path.join(folder, PRIVATE)) else None
    )
    if here == "":
        raise NotFound(f"its Unix socket is switched off in {config}: name its address with --url")
    if here is not None and (is_ours(here) or not os.path.lexists(here)):
        return here
    seen = [here] if here is not None else []
    if config is not None and here is None and (named := read(config)) and is_ours(named):
        return named
    for path in _usual(environment):
        if is_ours(path):
            return path
        seen.append(path)
    start = (
        f"start that of {os.path.basename(config)} with holdfast run" if config is not None else "start one"
    )
    raise NotFound(
        f"there is no Holdfast at {', nor at '.join(seen)}: {start}, or name it with --socket or --url"
    )


def check_private(target: Target, what: str) -> None:
    """Raise `Unencrypted` if others on the way could read what is sent there."""
    if not target.private:
        raise Unencrypted(
            f"{what} would go to {target.url} unencrypted, for all on the way to read: use an https:// "
            "address; or if the way is safe, as a tunnel is, allow it: "
            f"holdfast context add NAME {target.url} --allow-http"
        )


def read_token(path: str) -> str:
    """Return the token that a file holds; raises `TokenUnusable`, `OSError`."""
    with open(path, encoding="utf-8", errors="replace") as file:
        seen, text = os.fstat(file.fileno()), file.read(_LONGEST).strip()
    # Root may show it to a group: systemd does, to the service whose credential it is.
    others = stat.S_IRWXO if seen.st_uid == 0 else stat.S_IRWXG | stat.S_IRWXO
    if stat.S_ISREG(seen.st_mode) and seen.st_mode & others:
        raise TokenUnusable(f"others may read the token in {path}: chmod 600 {path}")
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise TokenUnusable(f"{path} holds no token: it should hold one, and nothing else")
    return text


_LONGEST = 4096


def _address(url: str, by: str, said: Said, environment: Mapping[str, str]) -> Found:
    known = Contexts.usual(environment).read()
    given = Target(url=url)  # a wrong address is told of before it is compared
    name = known.at(given.url)
    one = known.contexts.get(name, Context(url=url))
    theirs = environment.get("HOLDFAST_URL")
    from_here = environment.get("HOLDFAST_TOKEN", "") if not theirs or same_address(theirs, url) else ""
    token = _token(said) or from_here or one.token
    target = Target(url=url, token=token, ca=said.ca or one.ca)
    if target.token and not one.allow_http:
        check_private(target, "the token")
    return Found(target, by, name)


def _named(
    name: str, by: str, said: Said, environment: Mapping[str, str], around: Callable[[], str]
) -> Found:
    if name == LOCAL:
        return Found(Target(socket=around()), by)
    one = Contexts.usual(environment).read().named(name)
    if one.socket:
        return Found(one.target, by, name)
    target = Target(url=one.url, token=_token(said) or one.token, ca=said.ca or one.ca)
    if target.token and not one.allow_http:
        check_private(target, "the token")
    return Found(target, by, name)


def _token(said: Said) -> str:
    return said.token or (read_token(said.token_file) if said.token_file else "")


def is_ours(path: str) -> bool:
    """Tell whether there is a socket that root or we ourselves have made: in /tmp, anybody could."""
    try:
        found = os.stat(path)
    except OSError:
        return False
    # A link as well, for it could lead to a Holdfast of ours that is not meant, or to any socket.
    return stat.S_ISSOCK(found.st_mode) and _trusted(path) and _trusted(os.path.realpath(path))


def _trusted(path: str) -> bool:
    """Tell whether root or we have made what is there, or who made the folder lets nobody else do so."""
    try:
        return os.lstat(path).st_uid in (0, os.getuid()) or not _shared(os.path.dirname(path))
    except OSError:
        return False


def _shared(folder: str) -> bool:
    """Tell whether anybody may make files in a folder."""
    try:
        return bool(os.stat(folder or ".").st_mode & stat.S_IWOTH)
    except OSError:
        return True


def _usual(environment: Mapping[str, str]) -> Iterator[str]:
    for place in USUAL:
        runtime = environment.get("XDG_RUNTIME_DIR", "")
        if "{" not in place or runtime:
            yield place.format(XDG_RUNTIME_DIR=runtime)
    yield os.path.join(environment.get("TMPDIR") or TEMPORARY, OCTYNE)
