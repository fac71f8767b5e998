"""`/login`, `/logout`, `/ott`: how one comes to a token, and how that ends. Not over the Unix socket."""

import socket

from .exchange import Request, Steps
from .failures import CannotAsk, NotHoldfast
from .operation import D, Operation, Resource
from .records import Json, told

_NAMES = {"Username": "name", "Password": "password", "X-OTP": "code"}


class Session(Resource[D]):
    """A session begins with a password, and ends by a logout, or when nobody has used it for long."""

    @Operation
    def login(self, username: str, password: str, code: str | None = None) -> Steps[str]:
        """Return the token of a new session: what `Client(url=…, token=…)` takes. `Client.log_in` does both.

        `code`: of the second factor, or a recovery code. Raises `WrongCredentials`, `SecondFactorNeeded`,
        `WrongCode`, `TooManyLogins`, and `Local` over the Unix socket.

        >>> with Client(url=url) as nobody:
        ...     token = nobody.session.login("admin", password)
        >>> with Client(url=url, token=token) as remote:
        ...     sorted(remote.servers.list())
        ['chat', 'off', 'web']
        """
        shown = {"Username": username, "Password": password}
        if code:
            shown["X-OTP"] = code
        for name, text in shown.items():
            if text != text.strip() or not text.isprintable():
                raise CannotAsk(
                    f"{name.lower()}: no blanks around it, and no control characters, can be sent"
                )
        # By this, one finds the session again in the list of them.
        headers = {**shown, "User-Agent": f"holdfast on {socket.gethostname()}"}
        return _word(told((yield Request("POST", "/login", headers=headers))), "token")

    @Operation
    def logout(self) -> Steps[None]:
        """End the session whose token this client has; raises `NoSession` for an API key.

        >>> remote.session.logout()
        """
        yield Request("POST", "/logout")

    @Operation
    def ott(self) -> Steps[str]:
        """Return a one-time ticket for `?ticket=`: 30 s, from this address, for consoles and downloads.

        >>> len(remote.session.ott()) > 20
        True
        """
        return _word(told((yield Request("GET", "/ott"))), "ticket")


def _word(answer: Json, key: str) -> str:
    word = answer.get(key)
    if not isinstance(word, str) or not word:
        raise NotHoldfast(f"the answer has no {key}")
    return word
