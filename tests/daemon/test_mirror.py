"""The services as the daemon knows them: a copy that is never older than what it was told last."""

import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager

import anyio
import pytest

from daemon import mirror
from daemon.errors import NoSuchServer
from daemon.mirror import Mirror
from supervisor import (
    SOMEBODY,
    Attached,
    CannotStore,
    Cause,
    Changes,
    Following,
    Marked,
    NotAllowed,
    Plan,
    ServiceSpec,
    ServiceStatus,
    State,
    SupervisorUnreachable,
    Wanted,
)

from .door import DEADLINE, Door, supervising
from .house import eventually


def status(name: str, version: int, state: State = State.RUNNING) -> ServiceStatus:
    return ServiceStatus(name, state, Wanted.UP, "", version, 1, 0.0, None, 0, None, False, False)


def plan(*names: str) -> Plan:
    return Plan(tuple(ServiceSpec(name, ("/bin/sleep", "1000"), "/") for name in names))


class Reports:
    """A watch that reports what the test tells it to."""

    def __init__(self) -> None:
        self.send, self._receive = anyio.create_memory_object_stream[Changes](10)

    async def receive(self) -> Changes:
        """Wait for the next report."""
        return await self._receive.receive()

    async def aclose(self) -> None:
        """Report no more."""
        self._receive.close()
        self.send.close()


class Script:
    """A supervisor that says what the test wants, in the order that the test wants."""

    def __init__(self) -> None:
        self.reports: list[Reports] = []
        self.watched = anyio.Event()
        self.answers: dict[str, ServiceStatus] = {}
        self.listed: list[ServiceStatus] = []
        self.refusal: Exception | None = None
        self.before_list: list[Changes] = []
        self.offers = 0

    async def apply(self, _: Plan) -> None:
        """Refuse, if the test says so."""
        self.offers += 1
        if self.refusal is not None:
            raise self.refusal

    async def list(self) -> Sequence[ServiceStatus]:
        """Return what the test says, after the reports that overtake it."""
        for report in self.before_list:
            await self.reports[-1].send.send(report)
        await anyio.wait_all_tasks_blocked()
        return self.listed

    async def start(self, name: str, cause: Cause = SOMEBODY) -> ServiceStatus:
        """Answer what the test says."""
        return self.answers[name]

    stop = kill = restart = pause = resume = start

    async def ready(self, name: str, run: int, cause: Cause) -> ServiceStatus:
        """Answer what the test says."""
        return self.answers[name]

    async def condemn(self, name: str, run: int, cause: Cause, reason: str) -> ServiceStatus:
        """Answer what the test says."""
        return self.answers[name]

    async def signal(self, name: str, run: int, number: int) -> None:
        """Send nothing."""
        raise NotImplementedError

    async def resize(self, name: str, rows: int, columns: int) -> ServiceStatus:
        """Answer what the test says."""
        return self.answers[name]

    async def heard(self, names: Sequence[str] | None = None) -> Mapping[str, float]:
        """Hear nothing."""
        raise NotImplementedError

    async def history(self, since: int | None = None, origin: str | None = None) -> Following:
        """Tell nothing."""
        raise NotImplementedError

    async def write(self, name: str, data: bytes) -> None:
        """Take nothing."""
        raise NotImplementedError

    async def attach(self, name: str, since: int | None = None, stream: str | None = None) -> Attached:
        """Show nothing."""
        raise NotImplementedError

    async def marks(self, name: str) -> Marked:
        """Know nothing."""
        raise NotImplementedError

    async def watch(self) -> Reports:
        """Return a new watch."""
        self.reports.append(Reports())
        self.watched.set()
        return self.reports[-1]


@asynccontextmanager
async def following(script: Script, *first: ServiceStatus) -> AsyncIterator[Mirror]:
    """A mirror that has had its first report."""
    one = Mirror(script)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one.run, Plan)
        await script.watched.wait()
        await script.reports[-1].send.send(Changes(first, []))
        await one.services()
        yield one
        tasks.cancel_scope.cancel()


async def test_of_an_answer_and_a_report_the_later_counts_whichever_comes_first() -> None:
    script = Script()
    async with following(script, status("a", 1)) as one:
        script.answers["a"] = status("a", 5, State.STOPPING)
        assert (await one.stop("a")).version == 5
        await script.reports[0].send.send(Changes([status("a", 4)], []))
        await anyio.wait_all_tasks_blocked()
        assert (await one.service("a")).state is State.STOPPING
        await script.reports[0].send.send(Changes([status("a", 6, State.STOPPED)], []))
        await anyio.wait_all_tasks_blocked()
        assert (await one.service("a")).state is State.STOPPED


async def test_an_answer_does_not_bring_back_what_was_reported_gone() -> None:
    script = Script()
    async with following(script, status("a", 1)) as one:
        script.answers["a"] = status("a", 2, State.STOPPING)
        await script.reports[0].send.send(Changes([], ["a"]))
        await anyio.wait_all_tasks_blocked()
        for command in (one.start, one.stop, one.kill):
            await command("a")
        assert await one.services() == {}


async def test_a_list_does_not_bring_back_what_was_reported_gone() -> None:
    script = Script()
    async with following(script, status("a", 1)) as one:
        script.listed = [status("a", 2, State.STOPPING), status("b", 3)]
        script.before_list = [Changes([], ["a"])]
        await one.apply(plan("b"))
        assert set(await one.services()) == {"b"}


async def test_a_new_plan_is_seen_as_soon_as_it_is_applied() -> None:
    script = Script()
    async with following(script, status("a", 1), status("b", 2)) as one:
        script.listed = [status("b", 2), status("c", 3)]
        await one.apply(plan("b", "c"))
        assert set(await one.services()) == {"b", "c"}


async def test_another_supervisor_counts_anew_and_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "RETRY", 0.0)
    script = Script()
    async with following(script, status("a", 100), status("b", 101)) as one:
        script.watched = anyio.Event()
        gone: list[str] = []

        async def watch_gone() -> None:
            await one.gone("b")
            gone.append("b")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch_gone)
            script.reports[0].send.close()
            with anyio.fail_after(DEADLINE):
                await script.watched.wait()
                await script.reports[1].send.send(Changes([status("a", 1, State.FAILED)], []))
        await one.services()
        assert (await one.service("a")).state is State.FAILED
        assert gone == ["b"]


@pytest.mark.parametrize("refusal", [CannotStore("disk full"), NotAllowed("it is shutting down")])
async def test_a_supervisor_that_refuses_the_plan_is_followed_all_the_same(
    refusal: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    script = Script()
    script.refusal = refusal
    async with following(script, status("a", 1)) as one:
        assert set(await one.services()) == {"a"}
        with pytest.raises(type(refusal)):
            await one.apply(plan("b"))
    assert str(refusal) in caplog.text


async def test_a_plan_for_which_there_was_no_room_is_offered_until_there_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(mirror, "AGAIN", 0.0)
    caplog.set_level(logging.INFO)
    script = Script()
    script.refusal = CannotStore("disk full")
    async with following(script):

        async def offered() -> int:
            return script.offers

        await eventually(offered, lambda offers: offers > 5)
        assert caplog.text.count("disk full") == 1
        script.refusal = None
        await eventually(lambda: logged(caplog, "the supervisor has taken the plan"))
        taken = script.offers
        with anyio.fail_after(DEADLINE):
            await anyio.wait_all_tasks_blocked()  # who offers it again is never blocked
        assert script.offers == taken


async def test_a_plan_that_was_taken_meanwhile_is_not_offered_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "AGAIN", 0.0)
    script = Script()
    script.refusal = CannotStore("disk full")
    async with following(script) as one:
        script.refusal = None
        await one.apply(plan("b"))
        taken = script.offers
        with anyio.fail_after(DEADLINE):
            await anyio.wait_all_tasks_blocked()
        assert script.offers == taken


async def test_programs_start_as_soon_as_there_is_room_for_their_plan(
    folder: str, monkeypatch: pytest.MonkeyPatch, full_disk: Callable[[], AbstractContextManager[None]]
) -> None:
    monkeypatch.setattr(mirror, "AGAIN", 0.01)
    async with supervising(folder, over_socket=True) as door, anyio.create_task_group() as tasks:
        one = Mirror(door.api)
        with full_disk():
            tasks.start_soon(one.run, lambda: plan("a"))
            with anyio.fail_after(DEADLINE):
                assert await one.services() == {}

        async def pid() -> int | None:
            known = (await one.services()).get("a")
            return known.pid if known else None

        assert await eventually(pid)
        tasks.cancel_scope.cancel()


async def test_without_a_supervisor_a_question_is_refused_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mirror, "PATIENCE", 0.0)
    one = Mirror(Script())
    for question in (one.services(), one.service("a")):
        with pytest.raises(SupervisorUnreachable, match="cannot be reached"):
            await question


async def test_a_supervisor_that_comes_back_is_given_the_plan(
    folder: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(mirror, "RETRY", 0.01)
    async with supervising(folder, over_socket=True) as door, anyio.create_task_group() as tasks:
        await door.shut()
        one = Mirror(door.api)
        wanted = plan("a")
        tasks.start_soon(one.run, lambda: wanted)
        await eventually(lambda: logged(caplog, "no supervisor at"))
        door.open()
        with anyio.fail_after(DEADLINE):
            assert set(await one.services()) == {"a"}
        await _shut(door, one)
        wanted = plan("a", "b")
        door.open()
        with anyio.fail_after(DEADLINE):
            assert set(await one.services()) == {"a", "b"}
        tasks.cancel_scope.cancel()
    assert caplog.text.count("no supervisor at") <= 2  # said once, not for each attempt


async def logged(caplog: pytest.LogCaptureFixture, text: str) -> bool:
    return text in caplog.text


async def _shut(door: Door, one: Mirror) -> None:
    await door.shut()

    async def connected() -> bool:
        return one._connected.is_set()

    await eventually(connected, lambda is_connected: not is_connected)


async def test_who_waits_for_the_end_of_a_service_that_never_was_does_not_wait() -> None:
    script = Script()
    async with following(script) as one:
        with anyio.fail_after(DEADLINE):
            await one.gone("nobody")
        with pytest.raises(NoSuchServer):
            await one.service("nobody")
