"""Grants on the command line: what somebody or something may do, and with what."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import click

from ..accounts import Grant

F = TypeVar("F", bound=Callable[..., object])

_LIMITS = {"server": "servers", "path": "paths", "typing": "input"}


@dataclass(frozen=True, slots=True)
class Given:
    """Roles and grants as the API wants them; None if nothing was said."""

    roles: Sequence[str] | None
    grants: Sequence[Grant] | None


def granting(function: F) -> F:
    """Add the options that say what somebody may do; they come as `**wish`, for `given`."""
    for add in (
        click.option(
            "--input",
            "typing",
            multiple=True,
            metavar="LINE",
            help="Only these lines may be typed, with * for anything.",
        ),
        click.option("--path", multiple=True, metavar="FOLDER", help="Only in this folder of a server."),
        click.option("--server", multiple=True, metavar="NAME", help="Only with this server, or mc-*."),
        click.option("--role", multiple=True, metavar="ROLE", help="A role of the config."),
        click.option(
            "--grant",
            multiple=True,
            metavar="PERMISSION",
            help="Such as server.view, server.* or *; or a grant in JSON (docs/access.md).",
        ),
    ):
        function = add(function)
    return function


def given(wish: Mapping[str, tuple[str, ...]]) -> Given:
    """Return what the options say; raises `click.UsageError`."""
    grants = [_read(text) for text in wish["grant"]]
    limits = {key: [*wish[option]] for option, key in _LIMITS.items() if wish[option]}
    if limits:
        plain = [grant for grant in grants if isinstance(grant, str)]
        if not plain:
            raise click.UsageError("--server, --path and --input limit what a --grant gives: name one")
        grants = [grant for grant in grants if not isinstance(grant, str)]
        grants.append({"permissions": plain, **limits})
    if not grants and not wish["role"]:
        return Given(None, None)
    return Given([*wish["role"]], grants)


def words(grants: Sequence[object]) -> str:
    """Return grants in a line for people: `server.view, server.files.* (mc-*; /world)`."""
    return ", ".join(_words(grant) for grant in grants)


def _words(grant: object) -> str:
    if not isinstance(grant, Mapping):
        return str(grant)
    lists = {key: _listed(grant.get(key)) for key in ("permissions", "servers", "paths", "input")}
    what, *limits = (" ".join(one) for one in lists.values())
    limited = "; ".join(one for one in limits if one)
    return f"{what} ({limited})" if limited else what


def _listed(value: object) -> Sequence[str]:
    if isinstance(value, str):
        return [value]
    return [str(one) for one in value] if isinstance(value, Sequence) else []


def _read(text: str) -> Grant:
    if not text.lstrip().startswith("{"):
        return text.strip()
    try:
        grant = json.loads(text)
    except ValueError as exc:
        raise click.UsageError(f"--grant {text}: this is no JSON: {exc}") from None
    return {str(key): value for key, value in grant.items()}
