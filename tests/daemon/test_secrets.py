"""Passwords, tokens and tickets: in no log and in no audit line, whatever is done with them."""

import json
import logging
import os

import pytest

from daemon import consoles

from .house import PASSWORD, House, python, read

NEW_PASSWORD = "a brand new secret"
ENVIRON = "import os; print(dict(os.environ)); import signal; signal.pause()"


async def test_no_secret_reaches_a_log(
    either: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)  # that of run.py
    clients, access = logging.getLogger("httpx"), logging.getLogger("uvicorn.access")
    monkeypatch.setattr(clients, "disabled", True)
    assert access.propagate is False
    monkeypatch.setattr(access, "disabled", True)  # switched off by the above, but caplog listens to it
    secrets = {PASSWORD, NEW_PASSWORD, either.token}
    headers = {"Username": "admin", "Password": PASSWORD}
    for path in ("/login", "/login?cookie=true", f"/login?token={either.token}"):
        answer = await either.nobody.get(path, headers=headers)
        secrets |= {answer.json().get("token", either.token)}
    await either.nobody.get("/login", headers={**headers, "Username": "wrong"})
    for _ in range(3):
        ticket = (await either.remote.get("/ott")).json()["ticket"]
        secrets.add(ticket)
        async with either.view(query=f"?ticket={ticket}") as viewer:
            await viewer.until("ready")
        async with either.view(query=f"?ticket={ticket}") as viewer:
            assert await viewer.close_code() == 4401
    async with either.view(headers={"Cookie": f"X-Authentication={either.token}"}) as viewer:
        await viewer.until("ready")
    body = json.dumps({"username": "eve", "password": NEW_PASSWORD})
    await either.remote.post("/accounts", content=body)
    await either.remote.post("/accounts", content=body)
    await either.remote.post("/accounts", content=body[:-1])
    await either.remote.patch("/accounts", content=body)
    with monkeypatch.context() as patch:
        patch.setattr(consoles, "output_frame", None)  # something that nobody expected
        async with either.view(token=either.token) as viewer:
            await viewer.close_code()
    assert "TypeError" in caplog.text
    await either.configure(environ=python(ENVIRON))
    async with either.view("environ") as viewer:
        await viewer.until("PATH")
        seen = viewer.text
    for handler in (caplog.text, json.dumps(either.audit()), seen, *_files(either)):
        for secret in secrets:
            assert secret not in handler
    assert len(secrets) == 8


def _files(house: House) -> list[str]:
    """Everything that we wrote as text, and the bytes of the database."""
    found = []
    for folder, _, names in os.walk(house.folder):
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith((".db", ".db-wal")):
                with open(path, "rb") as file:
                    found.append(file.read().decode("latin-1"))
            elif os.path.isfile(path) and not name.endswith((".sock", ".db-shm")):
                found.append(read(path))
    assert len(found) >= 4
    return found
