"""`/sessions`: where one is logged in, and how that ends."""

from .guest import guest, said
from .house import House

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def ids(answer: dict[str, object]) -> list[str]:
    return [session["id"] for session in answer["sessions"]]  # type: ignore[attr-defined]


async def test_a_session_tells_device_address_and_last_use(house: House) -> None:
    headers = {"Username": "admin", "Password": "correct horse", "User-Agent": FIREFOX}
    token = (await house.nobody.get("/login", headers=headers)).json()["token"]
    listed = said(await house.client(token).get("/sessions"))["sessions"]
    mine = next(one for one in listed if one["current"])  # type: ignore[attr-defined]
    assert mine["device"] == "Firefox on Linux"
    assert (mine["account"], mine["address"]) == ("admin", "127.0.0.1")
    assert mine["created"] <= mine["lastUse"] < mine["expires"]
    assert token not in str(listed)


async def test_sessions_are_ended_one_by_one_or_all(house: House) -> None:
    tokens = [await house.log_in() for _ in range(4)]
    current = house.client(tokens[0])
    first = next(one for one in said(await current.get("/sessions"))["sessions"] if not one["current"])  # type: ignore[attr-defined]
    assert said(await current.delete(f"/sessions?id={first['id']}"))["ended"] == 1
    assert len(ids(said(await current.get("/sessions")))) == 4
    assert said(await current.delete("/sessions?others=true"))["ended"] == 3
    assert [(await house.client(token).get("/servers")).status_code for token in tokens] == [
        200,
        401,
        401,
        401,
    ]
    assert (await current.delete("/sessions?own=true")).json()["ended"] == 1
    assert (await current.get("/servers")).status_code == 401


async def test_others_sessions_are_seen_and_ended_by_who_may(house: House) -> None:
    some = await guest(house, "server.view")
    (admins,) = ids(said(await house.remote.get("/sessions")))
    assert len(ids(said(await some.get("/sessions")))) == 1
    for query in ("user=admin", "all=true"):
        assert (await some.get(f"/sessions?{query}")).status_code == 403
    for query in (f"id={admins}", "user=admin"):
        assert (await some.delete(f"/sessions?{query}")).status_code == 403
    assert (await some.delete("/sessions")).status_code == 400
    assert (await some.delete("/sessions?id=nobody")).status_code == 404
    chief = await guest(house, "sessions.*", name="chief")
    assert len(ids(said(await chief.get("/sessions?all=true")))) == 3
    assert said(await chief.delete("/sessions?user=admin"))["ended"] == 1
    assert (await house.remote.get("/servers")).status_code == 401
    assert len(ids(said(await house.local.get("/sessions")))) == 2


async def test_a_session_that_nobody_uses_ends_after_the_days_of_the_config(house: House) -> None:
    sessions = house.parts.people.sessions
    assert sessions.expires(house.session) == house.session.used + 90 * 86_400
    house.settings["login"] = {"idleDays": 1}
    await house.configure()
    house.session.used -= 86_000
    assert (await house.remote.get("/servers")).status_code == 200
    assert house.session.used > house.session.created - 60, "it was used just now"
    house.session.used -= 86_401
    assert (await house.remote.get("/servers")).status_code == 401
