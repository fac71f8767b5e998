"""The two clients: the same operations, waited for or awaited."""

from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Self

from .drivers import REPEATING, AsyncDriver, Driver, Way
from .operation import Awaiting, Blocking, D
from .target import Target
from .viewers import AsyncViewer, Viewer

if TYPE_CHECKING:
    from .account import Account
    from .accounts import Accounts
    from .archives import Archives
    from .audit import Audit
    from .checks import Checks
    from .config import Config
    from .events import Events
    from .files import Files
    from .history import Histories
    from .jobs import Jobs
    from .keys import Keys
    from .logs import Logs
    from .notifications import Notifications
    from .schedules import Schedules
    from .servers import Servers
    from .session import Session
    from .sessions import Sessions
    from .shares import Shares
    from .system import System
    from .trash import Trash
    from .usage import Usages

PATIENCE = 60.0
"""Seconds without a byte of an answer until it is given up, unless said otherwise."""


class Resources(Generic[D]):
    """What the API has, by its nouns; each is imported when it is used."""

    def __init__(self, driver: D) -> None:
        self._driver: D = driver

    @property
    def driver(self) -> D:
        """What carries operations out, also those of your own.

        >>> from client.exchange import Request
        >>> def version():
        ...     answer = yield Request("GET", "/")
        ...     return answer.status
        >>> holdfast.driver.run(version())
        200
        """
        return self._driver

    @cached_property
    def servers(self) -> "Servers[D]":
        """Servers: how they are, and what shall become of them."""
        from .servers import Servers  # noqa: PLC0415

        return Servers(self._driver)

    @cached_property
    def account(self) -> "Account[D]":
        """The account of the caller: who he is, his password, his second factor."""
        from .account import Account  # noqa: PLC0415

        return Account(self._driver)

    @cached_property
    def logs(self) -> "Logs[D]":
        """What the servers have said, and what they say."""
        from .logs import Logs  # noqa: PLC0415

        return Logs(self._driver)

    @cached_property
    def events(self) -> "Events[D]":
        """What happens to the servers."""
        from .events import Events  # noqa: PLC0415

        return Events(self._driver)

    @cached_property
    def history(self) -> "Histories[D]":
        """What happened to one server."""
        from .history import Histories  # noqa: PLC0415

        return Histories(self._driver)

    @cached_property
    def checks(self) -> "Checks[D]":
        """Whether a server is well, by its health checks."""
        from .checks import Checks  # noqa: PLC0415

        return Checks(self._driver)

    @cached_property
    def usage(self) -> "Usages[D]":
        """What a server used, over time."""
        from .usage import Usages  # noqa: PLC0415

        return Usages(self._driver)

    @cached_property
    def session(self) -> "Session[D]":
        """The caller's session: how it begins and ends, and tickets of it."""
        from .session import Session  # noqa: PLC0415

        return Session(self._driver)

    @cached_property
    def accounts(self) -> "Accounts[D]":
        """The accounts: who can log in, and what he may do."""
        from .accounts import Accounts  # noqa: PLC0415

        return Accounts(self._driver)

    @cached_property
    def sessions(self) -> "Sessions[D]":
        """Who is logged in, and how that ends."""
        from .sessions import Sessions  # noqa: PLC0415

        return Sessions(self._driver)

    @cached_property
    def keys(self) -> "Keys[D]":
        """API keys, for programs."""
        from .keys import Keys  # noqa: PLC0415

        return Keys(self._driver)

    @cached_property
    def shares(self) -> "Shares[D]":
        """Links to one console or one file."""
        from .shares import Shares  # noqa: PLC0415

        return Shares(self._driver)

    @cached_property
    def audit(self) -> "Audit[D]":
        """Who did what, and what came of it."""
        from .audit import Audit  # noqa: PLC0415

        return Audit(self._driver)

    @cached_property
    def config(self) -> "Config[D]":
        """The config as it stands in the file."""
        from .config import Config  # noqa: PLC0415

        return Config(self._driver)

    @cached_property
    def notifications(self) -> "Notifications[D]":
        """Who is told when something goes wrong."""
        from .notifications import Notifications  # noqa: PLC0415

        return Notifications(self._driver)

    @cached_property
    def schedules(self) -> "Schedules[D]":
        """What is done with servers at certain times."""
        from .schedules import Schedules  # noqa: PLC0415

        return Schedules(self._driver)

    @cached_property
    def system(self) -> "System[D]":
        """Holdfast itself: its version, whether it works, the machine."""
        from .system import System  # noqa: PLC0415

        return System(self._driver)

    @cached_property
    def files(self) -> "Files[D]":
        """The files of the servers."""
        from .files import Files  # noqa: PLC0415

        return Files(self._driver)

    @cached_property
    def archives(self) -> "Archives[D]":
        """Archives of files, made and taken apart."""
        from .archives import Archives  # noqa: PLC0415

        return Archives(self._driver)

    @cached_property
    def trash(self) -> "Trash[D]":
        """What was deleted, and may come back."""
        from .trash import Trash  # noqa: PLC0415

        return Trash(self._driver)

    @cached_property
    def jobs(self) -> "Jobs[D]":
        """The long work on files."""
        from .jobs import Jobs  # noqa: PLC0415

        return Jobs(self._driver)


class Client(Resources[Blocking], Viewer):
    """Asks one Holdfast, and waits for the answers. Several threads may use it at once.

    >>> with Client(socket="api.sock") as holdfast:
    ...     for name, server in holdfast.servers.list().items():
    ...         print(name, server.state)
    chat running
    off stopped
    web running

    Over the network: `Client(url="https://games.example.org:42069", token="…")`, or `Client.log_in`.
    """

    def __init__(
        self,
        target: Target | None = None,
        *,
        socket: str = "",
        url: str = "",
        token: str = "",
        ca: str = "",
        timeout: float = PATIENCE,
        repeating: float = REPEATING,
        way: Way | None = None,
    ) -> None:
        """Go to a target, or to that which the words name.

        `timeout`: seconds without a byte of an answer; `repeating`: seconds for which is asked again, where
        that is safe, if the daemon is away meanwhile.
        """
        self.target = target or Target(socket, url, token, ca)
        if way is None:
            from .web import Web  # noqa: PLC0415  (a command brings a quicker one)

            way = Web(self.target, timeout)
        self._way = way
        super().__init__(Driver(self._way, repeating))

    @classmethod
    def log_in(
        cls,
        url: str,
        username: str,
        password: str,
        code: str | None = None,
        *,
        ca: str = "",
        timeout: float = PATIENCE,
    ) -> Self:
        """Return a client with a new session; raises `WrongCredentials`, `SecondFactorNeeded`, `WrongCode`.

        `target.token` is what to keep for the next time; `session.logout()` ends the session.

        >>> with Client.log_in(url, "admin", password) as remote:
        ...     remote.account.get().name
        'admin'
        """
        with cls(url=url, ca=ca, timeout=timeout) as nobody:
            token = nobody.session.login(username, password, code)
        return cls(url=url, token=token, ca=ca, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all connections."""
        self._way.close()


class AsyncClient(Resources[Awaiting], AsyncViewer):
    """Asks one Holdfast, under asyncio or trio.

    >>> async def stop_all():
    ...     async with AsyncClient(socket="api.sock") as holdfast:
    ...         for name in await holdfast.servers.list():
    ...             await holdfast.servers.stop(name)
    >>> asyncio.run(stop_all())
    """

    def __init__(
        self,
        target: Target | None = None,
        *,
        socket: str = "",
        url: str = "",
        token: str = "",
        ca: str = "",
        timeout: float = PATIENCE,
        repeating: float = REPEATING,
    ) -> None:
        """Go to a target, or to that which the words name; the seconds are those of `Client`."""
        from .asyncweb import AsyncWeb  # noqa: PLC0415  (who waits does not need it)

        self.target = target or Target(socket, url, token, ca)
        self._way = AsyncWeb(self.target, timeout)
        super().__init__(AsyncDriver(self._way, repeating))

    @classmethod
    async def log_in(
        cls,
        url: str,
        username: str,
        password: str,
        code: str | None = None,
        *,
        ca: str = "",
        timeout: float = PATIENCE,
    ) -> Self:
        """Return a client with a new session; raises `WrongCredentials`, `SecondFactorNeeded`, `WrongCode`.

        >>> async def own_name():
        ...     async with await AsyncClient.log_in(url, "admin", password) as remote:
        ...         return (await remote.account.get()).name
        >>> asyncio.run(own_name())
        'admin'
        """
        async with cls(url=url, ca=ca, timeout=timeout) as nobody:
            token = await nobody.session.login(username, password, code)
        return cls(url=url, token=token, ca=ca, timeout=timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of all connections."""
        await self._way.close()
