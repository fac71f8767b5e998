"""`/metrics`: what Prometheus's own parser makes of it, of which servers it tells, and what it counts."""

from collections.abc import Mapping

import anyio
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families as families

from daemon.looplag import LoopLag
from daemon.metrics import OPEN_METRICS
from daemon.permissions import Grant
from daemon.privileges import Privileges
from supervisor import VERSION

from .guest import GUEST
from .house import House, eventually, living, program, python

Labels = tuple[tuple[str, str], ...]
Samples = Mapping[tuple[str, Labels], float]

CRASH = {**python("import sys; sys.exit(3)"), "directory": "/"}


def samples(text: str, *, open_metrics: bool = False) -> Samples:
    """Parse; each sample may be there only once."""
    found: dict[tuple[str, Labels], float] = {}
    for family in (open_families if open_metrics else families)(text):
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            assert key not in found, key
            found[key] = sample.value
    return found


def value(found: Samples, name: str, **labels: str) -> float:
    return found.get((f"holdfast_{name}", tuple(sorted(labels.items()))), -1)


async def scraped(house: House) -> Samples:
    answer = await house.local.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return samples(answer.text)


async def token_with(house: House, *grants: Grant) -> str:
    await house.parts.people.accounts.create("scraper", GUEST, Privileges(grants=grants))
    return await house.log_in("scraper")


async def test_both_formats_say_the_same(house: House) -> None:
    await house.until("app", state="running")
    await house.parts.meter.measure()
    answer = await house.local.get(
        "/metrics", headers={"Accept": f"{OPEN_METRICS};version=1.0.0,text/plain;q=0.5"}
    )
    assert answer.headers["content-type"].startswith(OPEN_METRICS)
    opened, plain = samples(answer.text, open_metrics=True), await scraped(house)
    assert plain.keys() >= {key for key in opened if key[0].startswith("holdfast_server")}
    assert value(opened, "info", version=VERSION) == value(plain, "info", version=VERSION) == 1


@pytest.mark.parametrize("accept", [f"{OPEN_METRICS};version=x", "text/plain;version=9.9.9.evil", "*/*", ""])
async def test_nothing_of_what_a_client_accepts_comes_back(house: House, accept: str) -> None:
    answer = await house.local.get("/metrics", headers={"Accept": accept})
    assert answer.status_code == 200
    assert "evil" not in answer.headers["content-type"]


async def test_a_server_is_told_by_state_use_and_console(house: House) -> None:
    async with house.view("app") as viewer:
        await viewer.until("ready")
        await house.until("app", state="running")
        await house.parts.meter.measure()
        found = await scraped(house)
    assert value(found, "server_up", server="app") == 1
    assert value(found, "server_state", server="app", state="running") == 1
    assert value(found, "server_state", server="app", state="failed") == 0
    assert value(found, "servers", state="running") == 1
    assert value(found, "server_memory_bytes", server="app") > 1 << 20
    assert value(found, "server_processes", server="app") == 1
    assert value(found, "server_uptime_seconds", server="app") > 0
    assert value(found, "console_viewers", server="app") == 1
    assert value(found, "console_bytes_total", server="app") > 0
    assert value(found, "console_dropped_bytes_total", server="app") == 0
    assert value(found, "supervisor_connected") == 1
    for process in ("daemon", "supervisor"):  # both are this one here
        assert value(found, f"{process}_process_resident_memory_bytes") > 1 << 20


async def test_restarts_and_the_wait_for_the_next_are_told(folder: str) -> None:
    async with living(folder, servers={"app": CRASH}) as house:
        found = await eventually(
            lambda: scraped(house), lambda found: value(found, "server_restarts_total", server="app") >= 1
        )
        assert value(found, "server_backoff_seconds", server="app") >= 0
        await eventually(
            lambda: scraped(house), lambda found: value(found, "server_backoff_seconds", server="app") > 0
        )


async def test_only_servers_that_one_may_see_are_told(folder: str) -> None:
    async with living(folder, servers={"mine": program("echo"), "theirs": program("echo")}) as house:
        token = await token_with(house, Grant(("metrics.view",)), Grant(("server.view",), servers=("mine",)))
        answer = await house.client(token).get("/metrics")
        assert 'server="mine"' in answer.text
        assert "theirs" not in answer.text
        found = samples(answer.text)
        assert (
            sum(found["holdfast_servers", (("state", str(state)),)] for state in ("starting", "running")) == 1
        )


async def test_a_grant_for_some_servers_is_not_one_for_the_daemon(house: House) -> None:
    token = await token_with(house, Grant(("metrics.view", "host.view"), servers=("app",)))
    for path in ("/metrics", "/host"):
        assert (await house.client(token).get(path)).status_code == 403


async def test_requests_are_counted_by_route_and_never_by_what_a_client_writes(house: House) -> None:
    async def ask(method: str, path: str) -> int:
        return (await house.local.request(method, path)).status_code

    for _ in range(3):
        assert await ask("GET", "/server/app") == 200
    assert await ask("GET", "/server/evil-1") == 404
    assert await ask("GET", "/evil-2") == 404
    assert await ask("PROPFIND", "/servers") == 405
    assert await ask("HEAD", "/servers") == 200
    assert (await house.nobody.get("/servers")).status_code == 401
    answer = await house.local.get("/metrics")
    found = samples(answer.text)
    assert value(found, "requests_total", path="/server/{id}", method="GET", status="200") == 3
    assert value(found, "requests_total", path="/server/{id}", method="GET", status="404") == 1
    assert value(found, "requests_total", path="unknown", method="OTHER", status="404") == 1
    assert value(found, "requests_total", path="/servers", method="OTHER", status="405") == 1
    assert value(found, "requests_total", path="/servers", method="GET", status="401") == 1
    assert value(found, "request_duration_seconds_count", path="/server/{id}", method="GET") == 4
    assert "evil" not in answer.text
    assert "PROPFIND" not in answer.text


async def test_logins_are_counted(house: House) -> None:
    for password in ("wrong", "correct horse", "wrong again"):
        await house.nobody.post("/login", headers={"Username": "admin", "Password": password})
    found = await scraped(house)
    assert value(found, "logins_total", result="failed") == 2
    assert value(found, "logins_total", result="succeeded") == 1


async def test_a_name_of_a_server_may_hold_anything(folder: str) -> None:
    name = 'a "b" \\ ü {c="d"}'
    async with living(folder, servers={name: program("echo")}) as house:
        await eventually(lambda: scraped(house), lambda found: value(found, "server_up", server=name) == 1)


async def test_what_was_counted_of_a_server_goes_with_it(folder: str) -> None:
    async with living(folder, servers={"app": CRASH}) as house:
        await eventually(
            lambda: scraped(house), lambda found: value(found, "server_restarts_total", server="app") >= 1
        )
        await house.configure()
        await eventually(lambda: scraped(house), lambda found: not any("app" in str(key) for key in found))
        assert not house.parts.metrics._restarts


async def test_the_loop_says_how_late_it_is() -> None:
    noted: list[float] = []
    lag = LoopLag(noted.append)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lag.run)

        async def look() -> list[float]:
            return noted

        await eventually(look)
        tasks.cancel_scope.cancel()
    assert lag.worst >= noted[0] >= 0
