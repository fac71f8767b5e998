"""Somebody with an account of limited rights, at the door of a house."""

from typing import cast

import httpx

from .house import House, Json

GUEST = "a guest's password"


async def guest(house: House, *grants: object, name: str = "guest", **more: object) -> httpx.AsyncClient:
    """Make an account with these grants; return a client that is logged in."""
    wish = {"username": name, "password": GUEST, "grants": [*grants], **more}
    answer = await house.local.post("/accounts", json=wish)
    assert answer.status_code == 200, answer.text
    return house.client(await house.log_in(name))


def said(answer: httpx.Response, status: int = 200) -> Json:
    """Return what an answer says, which has this status."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    return cast("Json", answer.json())
