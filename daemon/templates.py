"""Templates: named sets of options that servers inherit.

What a server says itself wins, then what the last of its templates says. Objects are joined key by key, and
everything else is replaced as a whole; null takes back what was inherited.
"""

from collections.abc import Mapping, Sequence

from .executionsettings import items
from .values import Data, Section, Value

KEY = "template"
NAMED = frozenset({"environment", "checks", "schedules"})
"""Objects whose keys are names: these differ by case."""


class Templates:
    """The templates of a config."""

    def __init__(self, section: Section) -> None:
        """Raises `ConfigError` for one that is no object."""
        self._known = {name: Section(value).value for name, value in section.entries()}

    def fill(self, server: Value) -> Value:
        """Return a server with what it inherits; raises `ConfigError` for a template that is unknown."""
        return self._fill(server, ())

    def _fill(self, one: Value, seen: tuple[str, ...]) -> Value:
        section = Section(one)
        asked = section.get(KEY)
        if asked is None:
            return one
        inherited: Mapping[str, Value] = {}
        for value in items(asked):
            name = value.text()
            if name in seen:
                raise value.error(f"templates inherit each other: {' → '.join((*seen, name))}")
            if name not in self._known:
                raise value.error(f"there is no template {name!r}{_listed(sorted(self._known))}")
            template = self._fill(self._known[name], (*seen, name))
            inherited = _join(inherited, _options(template))
        return Value(one.source, one.index, one.key, _join(inherited, _options(one)))


def _options(value: Value) -> Mapping[str, Value]:
    return {key: option for key, option in Section(value).entries() if key.lower() != KEY}


def _join(
    below: Mapping[str, Value], above: Mapping[str, Value], *, named: bool = False
) -> Mapping[str, Value]:
    joined = dict(below)
    places = {key if named else key.lower(): key for key in below}
    for key, value in above.items():
        place = key if named else key.lower()
        old = joined.pop(places[place]) if place in places else None
        joined[key] = value if old is None else _over(old, value, named=place in NAMED and not named)
    return joined


def _over(old: Value, new: Value, *, named: bool) -> Value:
    if not (isinstance(old.data, Mapping) and isinstance(new.data, Mapping)):
        return new
    data: Data = _join(old.data, new.data, named=named)
    return Value(new.source, new.index, new.key, data)


def _listed(names: Sequence[str]) -> str:
    return f", but {', '.join(names)}" if names else ""
