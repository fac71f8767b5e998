"""`/login`, `/logout`: how one comes to a token, and how that ends."""

import socket

from .exchange import Request, Steps
from .failures import NotHoldfast
from .operation import D, Operation, Resource
from .records import told


class Session(Resource[D]):
    """One's own session, over TCP; over the Unix socket nobody needs one."""

    @Operation
    def login(self, username: str, password: str, code: str | None = None) -> Steps[str]:
        """Return a new token; `code` is of the second factor, or a recovery code.

        Raises `WrongCredentials`, `SecondFactorNeeded`, `WrongCode`, `TooManyLogins`.

        >>> token = holdfast.session.login("admin", "a long password")  # doctest: +SKIP
        """
        headers = {"Username": username, "Password": password}
        if code:
            headers["X-OTP"] = code
        # By this, one finds the session again in the list of them.
        headers["User-Agent"] = f"holdfast on {socket.gethostname()}"
        token = told((yield Request("POST", "/login", headers=headers))).get("token")
        if not isinstance(token, str) or not token:
            raise NotHoldfast("the answer has no token")
        return token

    @Operation
    def logout(self) -> Steps[None]:
        """End the session whose token is shown; raises `NoSession` for the token of an API key.

        >>> holdfast.session.logout()  # doctest: +SKIP
        """
        yield Request("POST", "/logout")
