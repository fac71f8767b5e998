"""The config and the accounts: whether they are valid, and who may read and write them."""

import json
import os
import stat
from collections.abc import Callable, Iterator, Sequence

from .findings import Finding, Level, or_root, person
from .subject import Subject

MOST = 10
"""Warnings of a config that are told one by one."""


Reader = Callable[[str], tuple[str | None, Sequence[str]]]
"""Has the daemon read a config; returns what is wrong with it, and its warnings. Raises `NotSeen`."""


def config(subject: Subject, read: Reader) -> Iterator[Finding]:
    """Tell what the daemon says of the config."""
    path = subject.config
    if path is None:
        cost = "nothing is known of what shall run here"
        yield Finding(
            "config", Level.WARN, "there is none here", cost, "holdfast init, or name one with --config"
        )
        return
    if not os.access(path, os.R_OK, effective_ids=True) and os.path.exists(path):
        yield Finding("config", Level.UNKNOWN, f"only {or_root(os.stat(path).st_uid)} can read {path}")
        return
    error, warnings = read(path)
    if error is not None:
        cost = "the last good one stays in force" if subject.runs else "Holdfast does not start by it"
        yield Finding("config", Level.BAD, error, cost, "mend it; holdfast check says when it is good")
    else:
        yield Finding("config", Level.OK, f"{path} is valid")
    mode = stat.S_IMODE(os.stat(path).st_mode)
    if mode & stat.S_IWOTH:
        cost = f"everybody can run anything as {person(subject.owner)}"
        yield Finding("config", Level.BAD, f"everybody may write {path}", cost, f"chmod o-w {path}")
    for warning in warnings[:MOST]:
        yield Finding("config", Level.WARN, warning)
    if len(warnings) > MOST:
        yield Finding("config", Level.WARN, f"and {len(warnings) - MOST} more warnings", "", "holdfast check")


def users(subject: Subject) -> Iterator[Finding]:
    """Look at the file with the accounts."""
    if subject.config is None:
        return
    path = os.path.join(os.path.dirname(os.path.abspath(subject.config)), "users.json")
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        if subject.runs:
            cost = "the API is served on loopback only, whatever the config says"
            yield Finding("users", Level.WARN, f"there is no {path}", cost, "holdfast accounts add NAME")
        else:
            yield Finding("users", Level.OK, "the account admin is made at the first start")
        return
    if mode & stat.S_IWOTH:
        cost = "Holdfast does not read it; the accounts that it last held stay in force"
        yield Finding("users", Level.BAD, f"everybody may write {path}", cost, f"chmod 600 {path}")
        return
    try:
        with open(path, "rb") as file:
            known = json.loads(file.read().decode("utf-8-sig"))
    except PermissionError:
        yield Finding("users", Level.UNKNOWN, f"only {or_root(os.stat(path).st_uid)} can read {path}")
        return
    except (ValueError, RecursionError):
        known = None
    if not isinstance(known, dict):
        cost = "the accounts that it last held stay in force"
        yield Finding(
            "users", Level.BAD, f"{path} is no JSON object of names and hashes", cost, "mend it by hand"
        )
        return
    count = f"{len(known)} account{'' if len(known) == 1 else 's'} in {path}"
    if mode & 0o077:
        found = f"{count}, which others may read (mode {mode:04o})"
        yield Finding("users", Level.WARN, found, "they can guess passwords at leisure", f"chmod 600 {path}")
    else:
        yield Finding("users", Level.OK, f"{count}, mode {mode:04o}")
