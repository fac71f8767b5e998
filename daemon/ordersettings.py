"""The config's `after` and `requires`: who starts before a server, and who must be ready for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from supervisor import Ties, find_cycle

from .values import Section, Value


@dataclass(frozen=True, slots=True)
class OrderSettings:
    """The names of other servers, each once; what is required need not stand in `after` as well."""

    after: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    places: Mapping[str, Value] = field(default_factory=dict, compare=False, repr=False)
    """Where each name stands."""


def read_order(section: Section) -> OrderSettings:
    """Return what a server says about others, a name or a list of names each; raises `ConfigError`."""
    after, requires = _names(section.get("after")), _names(section.get("requires"))
    return OrderSettings(tuple(after), tuple(requires), {**after, **requires})


def check_order(orders: Mapping[str, OrderSettings]) -> None:
    """Raise `ConfigError` where a server names one that is not there, or servers wait for each other."""
    for order in orders.values():
        for name, place in order.places.items():
            if name not in orders:
                raise place.error(f"there is no server {name!r}")
    if not any(order.places for order in orders.values()):
        return
    cycle = find_cycle({name: Ties(order.requires, order.after) for name, order in orders.items()})
    for name, other in pairwise(cycle):
        raise orders[name].places[other].error(f"these servers wait for each other: {' → '.join(cycle)}")


def _names(value: Value | None) -> dict[str, Value]:
    if value is None:
        return {}
    if not isinstance(value.data, str | tuple):
        raise value.expected("the name of a server or a list of names")
    names = value.data if isinstance(value.data, tuple) else (value,)
    found: dict[str, Value] = {}
    for one in names:
        if not one.text():
            raise one.expected("the name of a server")
        found.setdefault(one.text(), one)
    return found
