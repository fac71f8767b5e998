"""People for tests of the page: accounts of limited rights, some with a second factor."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pyotp
from playwright.sync_api import BrowserContext

from ..system.house import program, sleeper
from .site import Site

Servers = dict[str, dict[str, object]]
"""Servers of a config, by name."""


def lived_in(folder: Path, servers: Servers | None = None, **settings: object) -> Iterator[Site]:
    """Yield a `home` for all tests of a module, each with people of its own; stop it at the end.

    To start one costs more than most tests take. Without `servers` it has those of every `home`.
    """
    house = Site(str(folder))
    try:
        house.settings.update(settings)
        house.configure(
            **(servers or {"app": sleeper(), "chat": program("echo"), "off": sleeper(enabled=False)})
        )
        house.start()
        if servers is None:
            house.until_status("chat", 1)
        yield house
    finally:
        house.end()


def person(site: Site, name: str, password: str, *grants: object, roles: tuple[str, ...] = ()) -> None:
    """Make an account."""
    wish = {"username": name, "password": password, "grants": [*grants], "roles": [*roles]}
    answer = site.local.post("/accounts", json=wish)
    assert answer.is_success, answer.text


def factor_of(site: Site, name: str) -> tuple[str, list[str]]:
    """Turn on a second factor, as one does at the machine; returns its secret and the recovery codes."""
    secret = site.local.post("/account/factor", params={"username": name}, json={}).json()["secret"]
    shown = {"code": pyotp.TOTP(secret).now()}
    answer = site.local.post("/account/factor/confirm", params={"username": name}, json=shown)
    assert answer.is_success, answer.text
    return secret, cast("list[str]", answer.json()["recovery"])


def let_in(site: Site, context: BrowserContext, name: str, password: str) -> None:
    """Give a browser the cookie of a session of an account."""
    headers = {"Username": name, "Password": password}
    answer = context.request.post(f"{site.address}api/login?cookie=true", headers=headers)
    assert answer.ok, answer.text()
