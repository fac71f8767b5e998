"""The text of a new config, as a newcomer wants to read it: what matters, and why it stands there."""

import json
import re

from .wishes import EVERYWHERE, Program, Wishes

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")

_TOP = """\
{
  // What Holdfast runs, and where it listens. This is Hjson: JSON with comments, and quotes only where they
  // are needed. Holdfast sees a change of this file by itself, and a mistake in it changes nothing:
  // `holdfast check` says beforehand what a change would do. Relative paths start at this file's folder.

  // The TCP port of the API. Whoever comes this way has to log in.
"""

_LOCAL = """
  // The address to listen on: here, only this machine can reach it. Without this line, all addresses; before
  // that, switch https on.
"""

_ALL = """
  // It listens on all addresses. To be reached by this machine only:
  // listen: "127.0.0.1"
"""

_ONE = """
  // The address to listen on.
"""

_CLEAR = """
  // Over a network, passwords shall not go in the clear. Both files are in PEM format:
  // https: { enabled: true, cert: "/path/to/fullchain.pem", key: "/path/to/privkey.pem" }
"""

_SOCKET = """
  // The local way in, without a login, for the user who runs Holdfast{others}.
"""

_WEB = """
  // The web page: {url} in a browser. It has the API below /api.
"""

_SERVERS = """
  // The programs to keep running. The names are yours to choose.
  servers: {
"""

_NONE = """\
    // survival: {
    //   // Where it runs. Its files can be reached with `holdfast files`.
    //   directory: "servers/survival"
    //   // As in a shell, quotes and all, but no shell is started.
    //   command: "java -jar server.jar nogui"
    // }
"""

_MORE = """\
      // How it is asked to stop, before it is killed; without this line it is SIGTERM:
      // stop: [{ line: "stop", wait: 30 }]
      // enabled: false, if it shall not start with Holdfast. All other keys are in docs/servers.md.
"""


def config_text(wishes: Wishes) -> str:
    """Return the text of a config; it ends with a line break."""
    parts = [_TOP, f"  port: {wishes.port}\n"]
    if wishes.listen == EVERYWHERE:
        parts += [_ALL, _CLEAR]
    elif wishes.listen.startswith("127.") or wishes.listen in ("::1", "localhost"):
        parts += [_LOCAL, f"  listen: {_text(wishes.listen)}\n"]
    else:
        parts += [_ONE, f"  listen: {_text(wishes.listen)}\n", _CLEAR]
    parts += _socket(wishes)
    parts += [
        _WEB.format(url=f"http://127.0.0.1:{wishes.web_port}/"),
        f"  webUI: {{\n    port: {wishes.web_port}\n  }}\n",
    ]
    parts.append(_SERVERS)
    for index, program in enumerate(wishes.programs):
        parts += ["\n" if index else "", *_program(program, first=not index)]
    parts += ["" if wishes.programs else _NONE, "  }\n}\n"]
    return "".join(parts)


def _socket(wishes: Wishes) -> list[str]:
    others = f", and for the members of the group {wishes.group}" if wishes.group else ""
    lines = [_SOCKET.format(others=others), "  unixSocket: {\n", f"    location: {_text(wishes.socket)}\n"]
    if wishes.group:
        lines.append(f"    group: {_text(wishes.group)}\n")
        lines.append("    // They may do everything, unless it is said here what (docs/access.md):\n")
        lines.append('    // users: { alice: ["server.*"] }\n')
    return [*lines, "  }\n"]


def _program(program: Program, *, first: bool) -> list[str]:
    name = program.name if _PLAIN.fullmatch(program.name) else _text(program.name)
    return [
        f"    {name}: {{\n",
        "      // Where it runs. Its files can be reached with `holdfast files`.\n" if first else "",
        f"      directory: {_text(program.directory)}\n",
        "      // As in a shell, quotes and all, but no shell is started.\n" if first else "",
        f"      command: {_text(program.command)}\n",
        _MORE if first else "",
        "    }\n",
    ]


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
