"""Long work: progress, an end that is told, and stopping."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from daemon import jobs as jobs_module
from daemon import worker
from daemon.job import Order, Phase

from .house import House, Json, eventually, living, program


@pytest.fixture
async def house(folder: str) -> AsyncIterator[House]:
    """A daemon with one server that has a folder of its own."""
    os.mkdir(f"{folder}/files")
    server = {**program("echo"), "directory": f"{folder}/files"}
    async with living(folder, servers={"app": server}) as house:
        yield house


def endless(house: House) -> None:
    """Make a file in which one can search for ever: text first, then a terabyte of nothing."""
    with open(f"{house.folder}/files/endless", "wb") as file:
        file.write(b"text\n" * 2000)
        file.truncate(1 << 40)


def order(house: House, *, cancellable: bool = True, **more: object) -> Order:
    arguments = {"path": "/", "text": "nothing", "content": True, "most": 10, "largest": 1 << 41, **more}
    directory = f"{house.folder}/files"
    return Order(
        "search",
        "search",
        "app",
        "admin",
        "server.files.view",
        directory,
        None,
        arguments,
        {"path": "/"},
        cancellable,
    )


def done(error: Exception | None) -> None:
    """Nobody needs to know when these are done."""


async def state(house: House, key: str) -> Json:
    answer = await house.remote.get(f"/jobs/{key}")
    return dict(answer.json())


async def test_a_job_goes_on_tells_how_far_it_is_and_is_stopped(house: House) -> None:
    endless(house)
    job = house.parts.jobs.start(order(house), done)
    seen = await eventually(lambda: state(house, job.id), lambda seen: seen.get("bytes"))
    assert seen["state"] == "running"
    assert seen["kind"] == "search"
    assert seen["server"] == "app"
    assert seen["cancellable"] is True
    assert [one["id"] for one in (await house.local.get("/jobs")).json()["jobs"]] == [job.id]
    answer = await house.remote.delete(f"/jobs/{job.id}")
    assert answer.json() == {"success": True, "state": "cancelled"}
    assert (await state(house, job.id))["error"] == "it was cancelled"
    again = await house.remote.delete(f"/jobs/{job.id}")
    assert (again.status_code, again.json()["kind"]) == (409, "not-cancellable")


async def test_a_job_that_must_not_be_stopped_half_way_is_not(house: House) -> None:
    endless(house)
    job = house.parts.jobs.start(order(house, cancellable=False), done)
    answer = await house.remote.delete(f"/jobs/{job.id}")
    assert (answer.status_code, answer.json()["kind"]) == (409, "not-cancellable")
    job.scope.cancel()
    await job.gone.wait()


async def test_only_some_are_at_work_and_the_others_wait_and_may_be_stopped_too(house: House) -> None:
    endless(house)
    jobs = [house.parts.jobs.start(order(house), done) for _ in range(3)]
    await eventually(lambda: state(house, jobs[1].id), lambda seen: seen.get("state") == "running")
    assert (await state(house, jobs[2].id))["state"] == "waiting"
    assert (await house.remote.delete(f"/jobs/{jobs[2].id}")).json()["state"] == "cancelled"
    house.parts.jobs.allow(3)
    fourth = house.parts.jobs.start(order(house), done)
    await eventually(lambda: state(house, fourth.id), lambda seen: seen.get("state") == "running")
    for job in (*jobs[:2], fourth):
        house.parts.jobs.cancel(job)
        await job.gone.wait()


async def test_a_worker_that_is_killed_or_does_not_begin_is_told_of(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless(house)
    job = house.parts.jobs.start(order(house), done)
    await eventually(lambda: state(house, job.id), lambda seen: seen.get("bytes"))
    assert job.worker is not None
    job.worker._process.kill()
    await job.gone.wait()
    told = await state(house, job.id)
    assert (told["state"], told["error"]) == ("failed", "the worker was killed by SIGKILL")
    monkeypatch.setattr(worker, "PYTHON", ("/nowhere/python",))
    job = house.parts.jobs.start(order(house), done)
    await job.gone.wait()
    assert (await state(house, job.id))["error"] == "it could not begin: No such file or directory"


async def test_a_worker_that_does_not_listen_is_killed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "PATIENCE", 0.2)
    monkeypatch.setattr(jobs_module, "PATIENCE", 0.2)
    Path(house.folder, "files", "evil").write_text("a" * 60 + "!\n")
    job = house.parts.jobs.start(order(house, text="(a+)+$", regex=True), done)

    async def worked() -> float:
        """Seconds of CPU: it says nothing any more, since the expression keeps the interpreter to itself."""
        if job.worker is None:
            return 0.0
        fields = Path(f"/proc/{job.worker._process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) / os.sysconf("SC_CLK_TCK")

    await eventually(worked, lambda seen: seen > 0.8)
    house.parts.jobs.cancel(job)
    await job.gone.wait()
    assert job.phase is Phase.CANCELLED
    assert job.worker is not None
    assert job.worker.code == -9


async def test_too_many_jobs_are_refused_and_old_ones_forgotten(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_module, "MOST_WAITING", 1)
    monkeypatch.setattr(jobs_module, "KEPT", 1)
    endless(house)
    jobs = house.parts.jobs
    running = [jobs.start(order(house), done) for _ in range(1)]
    with pytest.raises(jobs_module.TooManyJobs):
        jobs.start(order(house), done)
    for job in running:
        jobs.cancel(job)
        await job.gone.wait()
    last = jobs.start(order(house, largest=1), done)
    await last.outcome()
    assert [one.id for one in jobs.all()] == [last.id]
    answer = await house.remote.get(f"/jobs/{running[0].id}")
    assert (answer.status_code, answer.json()["kind"]) == (404, "no-such-job")


async def events(house: House, path: str, until: str) -> list[Json]:
    found: list[Json] = []
    async with house.remote.stream("GET", path) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                found.append(json.loads(line[6:]))
                if found[-1]["state"] == until:
                    return found
    return found


async def test_events_tell_of_each_change_until_the_end(house: House) -> None:
    endless(house)
    job = house.parts.jobs.start(order(house), done)
    with anyio.fail_after(20):
        assert (await events(house, "/jobs/events", "running"))[-1]["id"] == job.id
        await events(house, f"/jobs/{job.id}/events", "running")
        house.parts.jobs.cancel(job)
        assert (await events(house, f"/jobs/{job.id}/events", ""))[-1]["state"] == "cancelled"
    await job.gone.wait()


async def test_events_end_with_the_session(house: House) -> None:
    token = await house.log_in()
    with anyio.fail_after(20):
        async with house.client(token).stream("GET", "/jobs/events") as answer:
            session = house.parts.people.sessions.find(token)
            assert session is not None
            await house.parts.people.sessions.end([session])
            with pytest.raises(Exception, match=r"incomplete|closed|peer"):
                await answer.aread()
