"""Whether it runs: the supervisor, the API, and who may use the socket."""

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import PurePath

from .findings import Finding, Level, or_root, person
from .subject import Subject

RUN = "holdfast run, or systemctl start holdfast-supervisor holdfast"


def supervisor(subject: Subject) -> Iterator[Finding]:
    """Ask the supervisor how it is."""
    if subject.handover is not None:
        pid = f" as process {subject.pid}" if subject.pid else ""
        took = subject.handover.get("handovers")
        times = f", handed over {took} times" if isinstance(took, int) and took else ""
        yield Finding("supervisor", Level.OK, f"answers{pid}{times}")
    elif subject.pid is not None:
        cost = "programs can be neither started nor stopped"
        found = f"process {subject.pid} holds {subject.state}, but: {subject.supervisor_why}"
        if "permission" in subject.supervisor_why or "hangs up" in subject.supervisor_why:
            yield Finding("supervisor", Level.UNKNOWN, f"only {or_root(subject.owner)} may ask it")
        else:
            yield Finding("supervisor", Level.BAD, found, cost, "look at what it printed, or its journal")
    elif subject.hidden and subject.api.version is None:
        who = or_root(subject.owner)
        yield Finding("supervisor", Level.UNKNOWN, f"only {who} can see whether it runs")
    elif subject.api.version is not None:
        yield Finding("supervisor", Level.UNKNOWN, f"the API answers, but: {subject.supervisor_why}")
    else:
        cost = "no program runs under supervision"
        yield Finding("supervisor", Level.WARN, "does not run", cost, RUN)


def api(subject: Subject) -> Iterator[Finding]:
    """Ask the API how it is."""
    seen = subject.api
    if seen.version is not None:
        count = len(seen.servers)
        servers = f"{count} server{'' if count == 1 else 's'}"
        yield Finding("api", Level.OK, f"answers at {seen.where}, knows {servers}")
        down = [
            name for name, one in seen.servers.items() if isinstance(one, dict) and one.get("status") == 2
        ]
        if down:
            cost, remedy = "they wait for their restart, or for you", f"holdfast status {down[0]}"
            yield Finding("servers", Level.WARN, f"crashed: {', '.join(sorted(down))}", cost, remedy)
        return
    if "permission denied" in seen.why:
        yield Finding("api", Level.BAD, seen.why, "you cannot use it", "see the socket, below")
    elif not subject.runs:
        yield Finding("api", Level.WARN, f"does not run: {seen.why}", "nobody can use it", RUN)
    else:
        cost = "programs run on, but nobody can use the API"
        yield Finding("api", Level.BAD, seen.why, cost, "look at what Holdfast printed, or its journal")


def socket(subject: Subject) -> Iterator[Finding]:
    """Look at the socket: whom it lets in, and who cannot even come near."""
    target, settings = subject.target, subject.settings
    path = target.socket if target is not None else ""
    if not path:
        if settings is not None and settings.socket is None:
            cost = "commands on this machine need an address and a token"
            yield Finding(
                "socket", Level.WARN, "is switched off in the config", cost, "unixSocket.enabled: true"
            )
        return
    try:
        found = os.stat(path)
    except FileNotFoundError:
        if subject.runs:
            yield Finding(
                "socket", Level.BAD, f"there is no {path}", "commands on this machine cannot reach it"
            )
        else:
            yield Finding("socket", Level.OK, f"{path} is made at the start")
        yield from _group(settings.group if settings is not None else "", path)
        return
    except PermissionError:
        folder = _closed(path)
        cost = "you cannot use it without an address and a token"
        remedy = f"let {person(subject.owner)} give you access, or name another place in unixSocket.location"
        yield Finding("socket", Level.BAD, f"you may not look into {folder}", cost, remedy)
        return
    if not stat.S_ISSOCK(found.st_mode):
        remedy = f"move it away: mv {path} {path}.old"
        yield Finding("socket", Level.BAD, f"{path} is no socket", "the API cannot listen there", remedy)
        return
    group = _group_name(found.st_gid)
    allowed = " and ".join(dict.fromkeys((person(found.st_uid), "root")))
    if found.st_mode & stat.S_IWGRP:
        allowed += f", and the group {group}{_members(found.st_gid)}"
    if found.st_mode & stat.S_IWOTH:
        cost = "everybody on this machine may do everything"
        yield Finding("socket", Level.BAD, f"{path} lets everybody in", cost, f"chmod 660 {path}")
    elif os.access(path, os.W_OK, effective_ids=True):
        yield Finding("socket", Level.OK, f"{path} lets in {allowed}")
    else:
        me = person(os.geteuid())
        remedy = f"sudo usermod -aG {group} {me}, and log in anew" if found.st_mode & stat.S_IWGRP else ""
        yield Finding(
            "socket", Level.BAD, f"{path} lets in {allowed}, but not {me}", "you cannot use it", remedy
        )
    yield from _group(settings.group if settings is not None else "", path)


def _group(name: str, path: str) -> Iterator[Finding]:
    """Look at whether the group of the config can come as far as the socket."""
    if not name:
        return
    try:
        group = grp.getgrnam(name).gr_gid
    except KeyError:
        remedy = f"sudo groupadd {name}, or another unixSocket.group"
        yield Finding("group", Level.BAD, f"there is no group {name}", "the socket cannot be made", remedy)
        return
    for folder in PurePath(path).parents:
        try:
            found = os.stat(folder)
        except OSError:
            continue
        passes = found.st_mode & stat.S_IXOTH or (found.st_gid == group and found.st_mode & stat.S_IXGRP)
        if not passes:
            cost = f"nobody of the group {name} can use it"
            remedy = f"another place in unixSocket.location, or chgrp {name} {folder} && chmod g+x {folder}"
            yield Finding("group", Level.WARN, f"{folder} keeps the group {name} out", cost, remedy)
            return
    yield Finding("group", Level.OK, f"{name} can reach the socket{_members(group)}")


def _members(gid: int) -> str:
    try:
        names = sorted(grp.getgrgid(gid).gr_mem)
    except KeyError:
        return ""
    names += sorted({one.pw_name for one in pwd.getpwall() if one.pw_gid == gid} - set(names))
    return f" ({', '.join(names[:5])}{', …' if names[5:] else ''})" if names else " (it has no members)"


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _closed(path: str) -> str:
    """Return the first folder on the way that we may not pass."""
    for folder in reversed(PurePath(path).parents):
        if not os.access(folder, os.X_OK, effective_ids=True):
            return str(folder)
    return os.path.dirname(path)
