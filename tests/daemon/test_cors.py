"""Pages of other origins: any by default, those that are named with cookies, none if the config says so."""

import httpx
import pytest

from .house import House, living, program

PREFLIGHT = {"Access-Control-Request-Method": "PATCH"}
PANEL, ELSEWHERE = "https://panel.example:8443", "http://elsewhere"


def of(answer: httpx.Response) -> tuple[str | None, str | None, str | None]:
    headers = answer.headers
    names = "access-control-allow-origin", "access-control-allow-credentials", "vary"
    allowed, credentials, vary = (headers.get(name) for name in names)
    return allowed, credentials, vary


async def both(house: House, origin: str) -> list[httpx.Response]:
    asked = await house.nobody.options("/servers", headers={"Origin": origin, **PREFLIGHT})
    return [asked, await house.nobody.get("/nothing", headers={"Origin": origin})]


async def test_any_origin_may_call_unless_the_config_says_otherwise(house: House) -> None:
    for answer in await both(house, ELSEWHERE):
        assert of(answer) == ("*", None, None)
        assert "Retry-After" in answer.headers["access-control-expose-headers"]
    (asked, _) = await both(house, ELSEWHERE)
    assert {"X-API-Key", "X-OTP"} <= set(asked.headers["access-control-allow-headers"].split(", "))
    assert asked.headers["access-control-max-age"] == "600"


@pytest.mark.parametrize("origins", [[PANEL], ["*", PANEL]])
async def test_named_origins_may_have_cookies_sent(folder: str, origins: list[str]) -> None:
    async with living(folder, servers={}, cors={"origins": origins}) as house:
        for answer in await both(house, PANEL):
            assert of(answer) == (PANEL, "true", "Origin")
        for answer in await both(house, ELSEWHERE):
            assert of(answer) == ("*" if "*" in origins else None, None, "Origin")
        assert of(await house.nobody.get("/")) == (None, None, "Origin")  # what a cache keeps is for no other
        if "*" not in origins:
            asked, _ = await both(house, ELSEWHERE)
            assert (asked.status_code, asked.json()["kind"]) == (403, "foreign-origin")
            for hostile in ("null", f"{PANEL}.evil", f"{PANEL}@evil", "http://[", ""):
                assert of((await both(house, hostile))[1]) == (None, None, "Origin")


async def test_no_origin_may_call_if_none_is_named(folder: str) -> None:
    async with living(folder, servers={"app": program("echo")}, cors={"origins": []}) as house:
        for answer in await both(house, ELSEWHERE):
            assert of(answer) == (None, None, None)
        house.settings.pop("cors")
        await house.configure(app=program("echo"))
        for answer in await both(house, ELSEWHERE):
            assert of(answer) == ("*", None, None)
