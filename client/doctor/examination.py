"""All that is looked at, in the order in which it is told."""

from collections.abc import Iterator, Sequence
from functools import partial

from .allowances import cores, descriptors
from .clock import clock
from .configuration import Reader, config, users
from .findings import Finding, Level, NotSeen, Probe
from .folders import folders, temporary
from .groups import cgroups
from .kernel import features, kernel, namespace
from .language import language
from .ports import page, ports
from .software import python, version
from .standing import api, socket, supervisor
from .subject import Subject
from .systemd import journal, units


def examine(subject: Subject, installed: str, read: Reader) -> Iterator[Finding]:
    """Yield all findings. `installed` is the version that is."""
    probes: Sequence[tuple[str, Probe]] = (
        ("python", python),
        ("version", partial(version, installed=installed)),
        ("config", partial(config, read=read)),
        ("users", users),
        ("supervisor", supervisor),
        ("api", api),
        ("socket", socket),
        ("port", ports),
        ("page", page),
        ("folders", folders),
        ("tmpdir", temporary),
        ("descriptors", descriptors),
        ("cores", cores),
        ("cgroups", cgroups),
        ("kernel", kernel),
        ("features", features),
        ("processes", namespace),
        ("systemd", units),
        ("journal", journal),
        ("clock", clock),
        ("locale", language),
    )
    for name, probe in probes:
        try:
            yield from probe(subject)
        except NotSeen as exc:
            yield Finding(name, Level.UNKNOWN, str(exc))
        except OSError as exc:
            why = exc.strerror or str(exc)
            yield Finding(name, Level.UNKNOWN, f"{exc.filename}: {why}" if exc.filename else why)
