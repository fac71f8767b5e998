"""A notice in the words and in the form that each kind of target wants.

Rules:
- What a program has printed cannot mention anybody, cannot look like our own words, and cannot break out of
  what it stands in: on Discord it is a block of code, and nothing in it is a ping.
- What is too long loses its oldest lines first.
"""

import json
import signal
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from .notice import Kind, Notice, cleaned
from .noticesettings import TargetSettings, Way
from .placeholders import Template

MOST_TITLE = 250
MOST_MESSAGE = 4096
"""Characters of the text of an embed on Discord; of ntfy it is bytes."""

_TITLES = {
    Kind.CRASHED: Template("{server} crashed"),
    Kind.PARKED: Template("{server} is parked"),
    Kind.UNHEALTHY: Template("{server} is unhealthy"),
    Kind.RECOVERED: Template("{server} has recovered"),
    Kind.DISK_LOW: Template("A disk is low on {host}"),
    Kind.HELD_BACK: Template("Too many notices from {host}"),
    Kind.TEST: Template("A test from {host}"),
}
_MESSAGE = Template("{reason}\n{lines}")

_COLOURS = {
    Kind.CRASHED: 0xE67E22,
    Kind.PARKED: 0xE74C3C,
    Kind.UNHEALTHY: 0xE67E22,
    Kind.RECOVERED: 0x2ECC71,
    Kind.DISK_LOW: 0xF1C40F,
    Kind.HELD_BACK: 0xF1C40F,
    Kind.TEST: 0x3498DB,
}
# ntfy: 5 is the most urgent. The tags are names of emoji.
_PRIORITIES = {Kind.PARKED: 5, Kind.CRASHED: 4, Kind.UNHEALTHY: 4, Kind.DISK_LOW: 4}
_TAGS = {
    Kind.CRASHED: "boom",
    Kind.PARKED: "rotating_light",
    Kind.UNHEALTHY: "thermometer",
    Kind.RECOVERED: "white_check_mark",
    Kind.DISK_LOW: "floppy_disk",
    Kind.HELD_BACK: "mute",
    Kind.TEST: "wave",
}

_INLINE = str.maketrans({char: f"\\{char}" for char in "\\`*_~|<>[]()"})
_MARKDOWN = str.maketrans({char: f"\\{char}" for char in "\\`*_~|<>[]()#-@:"})


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent: a body of JSON; and the words that a command gets in its environment."""

    body: bytes
    words: Mapping[str, str]


def host_name() -> str:
    """Return what this machine calls itself."""
    return socket.gethostname() or "localhost"


def letter(settings: TargetSettings, notice: Notice, host: str) -> Letter:
    """Return a notice as this target wants it; `host` is the name of this machine."""
    match settings.way:
        case Way.DISCORD:
            return Letter(_discord(settings, notice, host), {})
        case Way.NTFY:
            return Letter(_ntfy(settings, notice, host), {})
        case _:
            return _plain(settings, notice, host)


def _discord(settings: TargetSettings, notice: Notice, host: str) -> bytes:
    def told(notice: Notice) -> dict[str, str]:
        words = {key: text.translate(_MARKDOWN) for key, text in _words(notice, host).items()}
        return {**words, "lines": _fenced(notice.lines)}

    plain = {key: text.translate(_INLINE) for key, text in _words(notice, host).items()}
    title = _title(settings, notice, plain)
    message = _fitting(settings, notice, told, lambda text: len(text) <= MOST_MESSAGE)
    embed = {
        "title": title,
        "description": message[:MOST_MESSAGE],
        "color": _COLOURS[notice.kind],
        "timestamp": _iso(notice.at),
        "footer": {"text": f"Holdfast on {host}"[:100]},
    }
    return _json({"embeds": [embed], "allowed_mentions": {"parse": []}})


def _ntfy(settings: TargetSettings, notice: Notice, host: str) -> bytes:
    def told(notice: Notice) -> dict[str, str]:
        return {**_words(notice, host), "lines": "\n".join(notice.lines)}

    message = _fitting(settings, notice, told, lambda text: len(_bytes(text)) <= MOST_MESSAGE)
    body: dict[str, object] = {
        "title": _title(settings, notice, _words(notice, host)),
        "message": _bytes(message)[:MOST_MESSAGE].decode("utf-8", "ignore"),
        "priority": _PRIORITIES.get(notice.kind, 3),
        "tags": [_TAGS[notice.kind]],
    }
    return _json(body)


def _plain(settings: TargetSettings, notice: Notice, host: str) -> Letter:
    def told(notice: Notice) -> dict[str, str]:
        return {**_words(notice, host), "lines": "\n".join(notice.lines)}

    words = told(notice)
    title = _title(settings, notice, words)
    message = (settings.message or _MESSAGE).fill(words).strip() + _more(notice)
    data = {key: value for key, value in notice.to_dict().items() if key not in ("kind", "id", "about")}
    data |= {"servers": [*notice.servers], "host": host}
    body = {"type": str(notice.kind), "id": notice.id, "timestamp": _iso(notice.at)}
    return Letter(
        _json({**body, "title": title, "message": message, "data": data}),
        {
            **words,
            "server": notice.server,
            "folder": notice.folder,
            "title": title,
            "message": message,
            "id": notice.id,
        },
    )


def _words(notice: Notice, host: str) -> dict[str, str]:
    """Return what stands for each placeholder, but for the lines."""
    return {
        "server": cleaned(notice.subject) or host,
        "kind": str(notice.kind),
        "reason": notice.reason,
        "exit": _exit(notice),
        "time": _iso(notice.at),
        "host": host,
    }


def _title(settings: TargetSettings, notice: Notice, words: Mapping[str, str]) -> str:
    title = (settings.title or _TITLES[notice.kind]).fill({**words, "lines": ""})
    return " ".join(title.split())[:MOST_TITLE] or str(notice.kind)


def _fitting(
    settings: TargetSettings,
    notice: Notice,
    told: Callable[[Notice], Mapping[str, str]],
    fits: Callable[[str], bool],
) -> str:
    """Return the message with as many of the last lines as fit."""
    more = _more(notice)
    while True:
        text = (settings.message or _MESSAGE).fill(told(notice)).strip() + more
        if fits(text) or not notice.lines:
            return text
        notice = replace(notice, lines=notice.lines[1:])


def _more(notice: Notice) -> str:
    """Say how many were not told."""
    said = [
        f"and {count} more times" if kind == notice.kind else f"{kind} {count} more times"
        for kind, count in notice.repeated.items()
        if count
    ]
    return f"\n({', '.join(said)})" if said else ""


def _exit(notice: Notice) -> str:
    ended = notice.exit
    if ended is None:
        return ""
    if ended.signal is not None:
        try:
            return signal.Signals(ended.signal).name
        except ValueError:
            return f"signal {ended.signal}"
    return "" if ended.code is None else str(ended.code)


def _fenced(lines: tuple[str, ...]) -> str:
    """Return lines as a block of code, which no line can end."""
    if not lines:
        return ""
    text = "\n".join(lines).replace("```", "`\u200b`\u200b`")
    return f"```\n{text}\n```"


def _iso(at: float) -> str:
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    except (OverflowError, ValueError, OSError):
        return ""


def _json(data: Mapping[str, object]) -> bytes:
    return _bytes(json.dumps(data, ensure_ascii=False, separators=(",", ":")))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")  # a name in a config may hold half a character
