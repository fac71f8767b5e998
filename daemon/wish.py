"""What the JSON object in the body of a request asks for, in the types that were expected."""

from collections.abc import Collection, Mapping

from .errors import ApiError
from .jsontext import InvalidJson
from .privileges import InvalidPrivileges, Privileges, read_privileges


class Wish:
    """The object; each method raises `ApiError` 400 for what is of another type. null means missing."""

    def __init__(self, data: Mapping[str, object]) -> None:
        self._data = data

    def only(self, *known: str) -> None:
        """Refuse other keys than these; a right that was mistyped must not become every right."""
        for key in self._data:
            if key not in known:
                raise InvalidJson(f"{key[:100]!r} is unknown here; known are {', '.join(known)}")

    def text(self, key: str) -> str | None:
        """Return a text."""
        value = self._data.get(key)
        if value is not None and not isinstance(value, str):
            raise InvalidJson(f"{key} is a text")
        return value

    def flag(self, key: str) -> bool | None:
        """Return true or false."""
        value = self._data.get(key)
        if value is not None and not isinstance(value, bool):
            raise InvalidJson(f"{key} is true or false")
        return value

    def seconds(self, key: str, most: float) -> float | None:
        """Return a duration of at least a second."""
        value = self._data.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= most:
            raise InvalidJson(f"{key} is a number of seconds, from 1 to {most:.0f}")
        return float(value)

    def privileges(self, roles: Collection[str]) -> Privileges | None:
        """Return roles and grants, None if it names neither; the roles must exist."""
        named, grants = self._data.get("roles"), self._data.get("grants")
        if "roles" not in self._data and "grants" not in self._data:
            return None
        if named is None and grants is None:
            raise InvalidJson("roles and grants are lists")
        try:
            privileges = read_privileges(named, grants)
        except InvalidPrivileges as exc:
            raise ApiError(400, "invalid-grants", f"Invalid grants: {exc}!") from exc
        for name in privileges.roles:
            if name not in roles:
                raise ApiError(400, "no-such-role", f"There is no role {name}!")
        return privileges
