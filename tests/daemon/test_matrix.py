"""Every route, asked by nobody, by who has one permission, by who has all: docs/api.md says who gets in."""

from collections.abc import Iterable

from websockets.exceptions import InvalidStatus

from daemon.permissions import PERMISSIONS, Grant
from daemon.privileges import Privileges

from ..docs.routetable import Documented, documented
from .filehouse import filing
from .guest import GUEST
from .house import House

ROWS = tuple(documented())
SESSION = "session"
"""What everybody has who is logged in."""

ALLOWED = "allowed"


async def token_with(house: House, permissions: Iterable[str]) -> str:
    """Return the token of who has just these permissions."""
    people = house.parts.people
    name = f"guest{len(people.accounts.names())}"
    await people.accounts.create(name, GUEST, Privileges(grants=tuple(Grant((one,)) for one in permissions)))
    return await house.log_in(name)


async def asked(house: House, row: Documented, token: str | None) -> str:
    """Ask without a body and a query; return who was refused how, or that nobody was."""
    path = row.path.replace("{id}", "app")
    if row.method == "WS":
        try:
            async with house.view(protocol=None, token=token, local=False, path=path):
                return ALLOWED
        except InvalidStatus as exc:
            return _refusal(exc.response.status_code, exc.response.body.decode())
    headers = {"Authorization": token} if token else {}
    async with house.nobody.stream(row.method, path, headers=headers) as answer:
        if answer.status_code not in (401, 403):
            return ALLOWED  # some have no end
        await answer.aread()
        return _refusal(answer.status_code, answer.text)


def _refusal(status: int, body: str) -> str:
    """Return the status if it is the rule's; the root of a folder is forbidden to everybody."""
    return ALLOWED if '"forbidden"' in body else str(status)


def wanted(row: Documented, permissions: Iterable[str] | None) -> str:
    """Return what the page promises to who has these permissions, or to nobody."""
    if row.needs is None:
        return ALLOWED
    if permissions is None:
        return "401"
    return ALLOWED if row.needs == SESSION or row.needs in permissions else "403"


async def test_every_route_lets_in_whom_the_page_says_and_nobody_else(folder: str) -> None:
    callers: dict[str, list[str] | None] = {one: [one] for one in PERMISSIONS}
    callers |= {"nobody": None, "nothing": [], "admin": [*PERMISSIONS]}
    async with filing(folder) as shelf:
        for who, permissions in callers.items():
            token = None
            for row in ROWS:
                if permissions is not None and (token is None or row.path == "/logout"):
                    token = await token_with(shelf.house, permissions)  # /logout ends it
                if (row.method, row.path) in (("GET", "/login"), ("POST", "/login")):
                    continue  # it answers 400 or 401 for what it is
                found = await asked(shelf.house, row, token)
                assert found == wanted(row, permissions), f"{who}: {row.method} {row.path}"
                token = None if row.path == "/logout" else token


def test_every_row_needs_a_permission_that_there_is() -> None:
    assert {row.needs for row in ROWS if row.needs} <= {SESSION, *PERMISSIONS}
