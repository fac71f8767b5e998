"""A second factor in somebody's pocket, and the clock by which both sides go."""

import json

import httpx

from daemon import codes

from .house import PASSWORD, House, Json


class Device:
    """Shows codes of a secret. The daemon's clock of codes is ours, and stands still until we move it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.now = 1_700_000_000.0
        self.secret = ""
        self.recovery: list[str] = []
        house.parts.people.factors._clock = lambda: self.now

    def code(self, drift: int = 0) -> str:
        """Return what it shows; `drift` steps ahead of the daemon's clock."""
        return codes.code_at(self.secret, codes.step_at(self.now) + drift)

    def later(self) -> str:
        """Wait for the next code that is good, and return it."""
        self.now += 2 * codes.STEP
        return self.code()

    def wrong(self) -> str:
        """Return a code that is not good."""
        near = {self.code(drift) for drift in range(-2, 3)}
        return next(code for code in map("{:06}".format, range(100)) if code not in near)

    async def turn_on(self) -> None:
        """Turn on the factor of the account `admin`."""
        given = await send(self.house, "POST", "/account/factor", password=PASSWORD)
        self.secret = given.json()["secret"]
        answer = await send(self.house, "POST", "/account/factor/confirm", code=self.code())
        assert answer.status_code == 200, answer.text
        self.recovery = answer.json()["recovery"]


async def send(house: House, method: str, path: str, **wish: object) -> httpx.Response:
    """Send JSON with the token of `admin`."""
    return await house.remote.request(method, path, content=json.dumps(wish))


async def log_in(
    house: House, password: str = PASSWORD, code: str | None = None, name: str = "admin"
) -> httpx.Response:
    """Log in; a code goes into its own header."""
    headers = {"Username": name, "Password": password} | ({} if code is None else {"X-OTP": code})
    return await house.nobody.post("/login", headers=headers)


def said(answer: httpx.Response) -> tuple[int, str | None, str | None]:
    """Return status, kind and sentence."""
    found: dict[str, str] = answer.json()
    return answer.status_code, found.get("kind"), found.get("error")


async def without_delay(house: House, **servers: Json) -> None:
    """Let nobody wait, whatever has failed; have just these servers."""
    house.settings["login"] = {"delay": {"account": 1_000_000, "address": 1_000_000}}
    await house.configure(**servers)
