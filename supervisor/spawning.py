"""How a child of a service comes to be: what it is given, and the control group and mark of its tree."""

from collections.abc import Callable, Mapping, Sequence

from .cannot_spawn import CannotSpawn
from .child import Child
from .estate import Keeping
from .socketstore import SocketStore
from .spec import ServiceSpec


def surroundings(spec: ServiceSpec, base: Mapping[str, str], keeping: Keeping) -> dict[str, str]:
    """Return the environment of a service's programs."""
    return {**base, "PWD": spec.directory, **spec.environment, **keeping.mark(spec)}


def spawn(
    spec: ServiceSpec,
    base: Mapping[str, str],
    keeping: Keeping,
    store: SocketStore | None,
    more: Mapping[str, str],
    say: Callable[[str], None],
) -> Child:
    """Start a service's program, and keep what belongs to it; raises `CannotSpawn`.

    With a `store` it is the daemon: its output is ours, and it gets the sockets that are kept there.
    `say` hears of what is not as it should be.
    """
    environment = {**surroundings(spec, base, keeping), **more}
    given: Sequence[int] = ()
    if store is not None:
        environment |= store.environment()
        given = store.kept
    mark = "".join(f"{name}={value}" for name, value in keeping.mark(spec).items())
    group = keeping.group(spec)
    attached = store is not None
    try:
        child = Child.spawn(
            spec, environment=environment, attached=attached, given=given, mark=mark, group=group
        )
    except CannotSpawn:
        if group is not None:
            group.remove()
        raise
    keeping.spawned(child, spec)
    if child.tree.unenforced:
        told = "; ".join(f"{name} {why}" for name, why in child.tree.unenforced.items())
        say(f"[Holdfast] {spec.name} runs without some of its limits: {told}")
    return child
