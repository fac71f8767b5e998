"""`holdfast events` and `holdfast history`: what happened, as people and programs read it."""

import json
import re
import signal
from collections.abc import Iterator

import pytest

from ..system.house import Holdfast, program, sleeper
from ..system.processes import kill
from .typed import Said, Typist

CRASH = {
    "command": ["sh", "-c", "echo out of ideas; exit 3"],
    "backoff": {"initial": 0.01, "cap": 0.01, "jitter": 0},
    "budget": {"restarts": 1},
}


GIVEN_UP = "exited with code 3 after TIME; restarted 1 times already; not restarted until somebody starts it"


@pytest.fixture(scope="module")
def crashing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Holdfast]:
    """`crash` has crashed for good, `web` runs, and was asked to by a person."""
    house = Holdfast(str(tmp_path_factory.mktemp("crashing")))
    try:
        house.configure(crash=dict(CRASH), web=sleeper(enabled=False))
        house.start()
        house.until(lambda: house.about("crash")["state"] == "failed", "it has crashed")
        house.order("web", "START")
        house.until(lambda: house.about("web")["state"] == "running", "it runs")
        house.until(lambda: len(_history(house, "crash")) == 4, "all is noted")
        house.until(lambda: len(_history(house, "web")) == 2, "all is noted")
        yield house
    finally:
        house.end()


@pytest.fixture(scope="module")
def ask(crashing: Holdfast) -> Typist:
    return Typist(crashing)


def _history(house: Holdfast, name: str) -> list[object]:
    told = house.local.get(f"/server/{name}/history").json()["history"]
    assert isinstance(told, list)
    return told


def steady(said: Said) -> list[str]:
    """Its lines, with what is another one each time left out."""
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "WHEN", said.out)
    text = re.sub(r"uid \d+", "uid N", re.sub(r"pid \d+", "pid N", text))
    return re.sub(r"\d+\.\d+ ?s\b", "TIME", text).splitlines()


def test_history_tells_what_happened_why_who_and_what_was_said_last(ask: Typist) -> None:
    assert steady(ask("history", "crash")) == [
        "WHEN  starting   (since Holdfast started; run 1, pid N)",
        "WHEN  backoff    exited with code 3 after TIME; waiting to be restarted (1 of 1)",
        "    next: it is restarted in TIME",
        "    | out of ideas",
        "WHEN  starting   restarting (run 2, pid N)",
        f"WHEN  failed     {GIVEN_UP}",
        "    | out of ideas",
        f"crash is failed: {GIVEN_UP}",
    ]
    assert steady(ask("history", "web")) == [
        "WHEN  starting   (by @local, uid N; run 1, pid N)",
        "WHEN  running",
        "web is running",
    ]


def test_history_goes_back_page_by_page(ask: Typist) -> None:
    told = json.loads(ask("history", "crash", "--json").out)["history"]
    first, *_ = ask("history", "crash", "-n", "2").out.splitlines()
    assert first == f"earlier: holdfast history crash --before {told[1]['id']}"
    earlier = json.loads(ask("history", "crash", "-n", "2", "--before", str(told[1]["id"]), "--json").out)
    assert earlier["history"] == told[2:4]
    both = json.loads(ask("history", "crash", "web", "--json").out)
    fitting = json.loads(ask("history", "[cw]*", "--json").out)
    assert {"crash", "web"} <= fitting.keys()
    assert both["crash"]["history"] == told
    assert list(both) == ["crash", "web"]
    assert ask("history", "crsh", code=3).err == "holdfast: there is no server crsh; did you mean crash?\n"


def test_events_tell_the_same_of_all_servers(ask: Typist) -> None:
    assert [line.split()[1:3] for line in steady(ask("events")) if line.startswith("WHEN")] == [
        ["crash", "starting"],
        ["crash", "backoff"],
        ["crash", "starting"],
        ["crash", "failed"],
        ["web", "starting"],
        ["web", "running"],
    ]
    told = [json.loads(line) for line in ask("events", "--json").out.splitlines()]
    only = [json.loads(line) for line in ask("events", "--json", "-s", "w*", "-n", "1").out.splitlines()]
    assert only == told[-1:]
    later = ask("events", "--json", "--since", str(told[2]["id"])).out.splitlines()
    assert [json.loads(line) for line in later] == told[3:]
    assert ask("events", "--since", "2100-01-01").out == ""
    assert "neither the id of an event nor a time" in ask("events", "--since", "soon", code=2).err


def test_who_follows_events_neither_delays_the_end_nor_is_cut_off_and_goes_on_afterwards(
    typist: Typist, house: Holdfast
) -> None:
    house.configure(chat=program("echo"))
    house.start()
    house.until_status("chat", 1)
    with typist.running("events", "-f", "--since", "1h", "--json") as following:
        following.until(lambda text: '"to": "starting"' in text)
        assert house.stop() == 0
        ended = house.output.until_end()
        assert "Traceback" not in ended
        assert "graceful" not in ended
        house.start()
        text = following.until(lambda text: text.count('"to": "starting"') == 2)
        ids = [json.loads(line)["id"] for line in text.splitlines()]
        assert ids == sorted(set(ids))
        assert following.errors().count("going on when") == 1


def test_no_event_is_missing_and_none_comes_twice_though_daemons_are_killed(
    typist: Typist, house: Holdfast
) -> None:
    house.configure(chat=program("echo"))
    house.start()
    house.until_status("chat", 1)

    def runs(text: str) -> list[int]:
        told = [json.loads(line) for line in text.splitlines() if line.endswith("}")]
        return [one["run"] for one in told if one["to"] == "starting"]

    with typist.running("events", "-f", "--since", "1h", "--json") as following:
        following.until(runs)
        for run in range(2, 6):
            if run % 2:
                daemon = house.daemon
                assert daemon is not None
                kill(daemon)
                house.until_it_answers()
            house.order("chat", "RESTART")
            following.until(lambda text, run=run: run in runs(text))  # type: ignore[misc]
        following.signal(signal.SIGINT)
        assert following.code() == 130
        said = following.until(lambda text: True)
    assert runs(said) == [1, 2, 3, 4, 5]
    ids = [json.loads(line)["id"] for line in said.splitlines()]
    assert ids == sorted(set(ids))
    assert "holdfast: the API is away, going on when it answers again\n" in following.errors()


def test_what_is_said_to_go_back_can_be_typed_as_it_stands(typist: Typist, house: Holdfast) -> None:
    house.configure(**{"my server": sleeper()})
    house.start()
    house.until(lambda: house.about("my server")["state"] == "running", "it runs")
    house.until(lambda: len(_history(house, "my server")) == 2, "all is noted")
    first, *_ = typist("history", "my server", "-n", "1").out.splitlines()
    assert first.startswith("earlier: holdfast history 'my server' --before ")
