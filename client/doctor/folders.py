"""The folders that are written to: whose they are, who else may write there, and how much room is left."""

import os
import stat
from collections.abc import Iterator

from ..command.amounts import size
from .findings import Finding, Level, or_root, person
from .subject import Subject

LITTLE, NOTHING = 0.05, 0.01
"""Parts of a disk that are left."""

MUCH = 5 << 30
"""Bytes that are enough, however large the disk is."""


def folders(subject: Subject) -> Iterator[Finding]:
    """Look at state, logs, and the folders of the servers."""
    settings = subject.settings
    seen: set[int] = set()
    for check, path in (
        ("state", subject.state),
        ("logs", settings.logs if settings is not None else None),
    ):
        if path is not None:
            yield from _folder(subject, check, path)
            yield from _room(check, path, seen)
    for name, path in sorted((settings.folders or {}).items() if settings is not None else ()):
        yield from _room(f"servers.{name}", path, seen)


def temporary(subject: Subject) -> Iterator[Finding]:
    """Look at the folder for temporary files."""
    del subject
    path = os.environ.get("TMPDIR") or "/tmp"  # noqa: S108  (looked at, not used)
    try:
        found = os.stat(path)
    except OSError as exc:
        remedy = "make it, or unset TMPDIR"
        yield Finding(
            "tmpdir", Level.BAD, f"{path}: {exc.strerror}", "the usual socket cannot be made", remedy
        )
        return
    if found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
        cost = "everybody can put another socket in place of ours"
        yield Finding(
            "tmpdir", Level.WARN, f"{path} is everybody's, without a sticky bit", cost, f"chmod +t {path}"
        )
    elif not os.access(path, os.W_OK | os.X_OK, effective_ids=True):
        yield Finding(
            "tmpdir", Level.WARN, f"you may not write in {path}", "the usual socket cannot be made there"
        )
    else:
        yield Finding("tmpdir", Level.OK, path)


def _folder(subject: Subject, check: str, path: str) -> Iterator[Finding]:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        place = _nearest(path)
        if os.access(place, os.W_OK | os.X_OK, effective_ids=True):
            yield Finding(check, Level.OK, f"{path} is made at the start")
        else:
            cost, remedy = "Holdfast cannot start", f"sudo install -d -o {person(os.geteuid())} -m 700 {path}"
            yield Finding(
                check, Level.BAD, f"{path} is not there, and you may not write in {place}", cost, remedy
            )
        return
    except PermissionError:
        yield Finding(check, Level.UNKNOWN, f"only {or_root(subject.owner)} can see {path}")
        return
    mode, owner = stat.S_IMODE(found.st_mode), person(found.st_uid)
    if not stat.S_ISDIR(found.st_mode):
        yield Finding(
            check, Level.BAD, f"{path} is no folder", "nothing can be stored", f"mv {path} {path}.old"
        )
    elif mode & stat.S_IWOTH:
        cost = "everybody can change what Holdfast remembers, and what it runs"
        yield Finding(check, Level.BAD, f"everybody may write in {path}", cost, f"chmod o-w {path}")
    elif found.st_uid != subject.owner and subject.owner:
        who = person(subject.owner)
        cost, remedy = "nothing can be stored there", f"sudo chown -R {who} {path}"
        yield Finding(
            check, Level.BAD, f"{path} belongs to {owner}, but Holdfast runs as {who}", cost, remedy
        )
    elif mode & stat.S_IWGRP and check == "state":
        cost = "its members can change what Holdfast runs"
        yield Finding(check, Level.WARN, f"a group may write in {path}", cost, f"chmod g-w {path}")
    elif os.geteuid() == found.st_uid and not os.access(path, os.W_OK | os.X_OK, effective_ids=True):
        yield Finding(
            check, Level.BAD, f"{path} cannot be written to (mode {mode:04o})", "nothing can be stored"
        )
    else:
        yield Finding(check, Level.OK, f"{path} is {owner}'s, mode {mode:04o}")


def _room(check: str, path: str, seen: set[int]) -> Iterator[Finding]:
    """Look at the disk on which a folder is, once for each disk."""
    place = _nearest(path)
    try:
        disk, device = os.statvfs(place), os.stat(place).st_dev
    except OSError:
        return
    if device in seen:
        return
    seen.add(device)
    free, total = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
    inodes = disk.f_favail / disk.f_files if disk.f_files else 1.0
    part = free / total if total else 1.0
    found = f"{size(free)} of {size(total)} are free where {place} is"
    if disk.f_files:
        found += f", and {inodes:.0%} of the inodes"
    level = Level.OK
    if (part < LITTLE and free < MUCH) or inodes < LITTLE:
        level = Level.WARN
    if (part < NOTHING and free < MUCH // 10) or inodes < NOTHING:
        level = Level.BAD
    if level is Level.OK:
        yield Finding("disk", level, found)
        return
    cost = f"soon nothing new is stored ({check}): history, logs, uploads; programs run on"
    yield Finding("disk", level, found, cost, f"make room: du -xsh {place}/* | sort -h")


def _nearest(path: str) -> str:
    """Return the folder, or the next one above it that there is."""
    while not os.path.isdir(path) and path != os.path.dirname(path):
        path = os.path.dirname(path)
    return path
