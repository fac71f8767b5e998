"""`holdfast run`, `version` and `upgrade`: begin, look, renew."""

import json
import os

from ..system.house import Holdfast, sleeper
from .typed import Typist, stable


def test_run_becomes_the_supervisor_itself(house: Holdfast) -> None:
    house.configure(web=sleeper())
    house.start()
    with open(f"/proc/{house.supervisor}/cmdline", "rb") as file:
        assert b"supervisor" in file.read().split(b"\0")


def test_run_without_a_config_says_what_to_do(typist: Typist, house: Holdfast) -> None:
    said = typist("run", code=2)
    assert said.err == (
        "holdfast: there is no config.hjson and no config.json here; name one with --config, or make one with"
        " holdfast init\n"
    )
    said = typist("run", "--config", "nothing.hjson", code=78)
    path = house.path("nothing.hjson")
    assert said.err == f"{path}: cannot be read: No such file or directory\n"


def test_run_with_a_bad_first_config_starts_nothing(typist: Typist, house: Holdfast) -> None:
    house.write("{\n  port: nowhere\n}\n")
    said = typist("run", code=78)
    assert said.err == f"{house.path('config.hjson')}:2:9: port: expected a whole number, got a string\n"
    assert not os.path.exists(house.path("state"))


def test_a_second_run_is_refused_in_one_sentence(typist: Typist, house: Holdfast) -> None:
    house.configure(web=sleeper())
    house.start()
    said = typist("run", code=1)
    path = house.path("state")
    assert said.err == f"Holdfast already runs on {path} (process {house.supervisor})\n"


def test_the_version_is_told_whether_holdfast_runs_or_not(typist: Typist, house: Holdfast) -> None:
    told = json.loads(typist("version", "--json").out)
    socket = house.path("api.sock")
    assert told["holdfast"] is None
    assert told["why"].startswith(f"cannot connect to {socket}: there is no such file")
    house.configure(web=sleeper())
    house.start()
    told = json.loads(typist("version", "--json").out)
    assert (told["holdfast"], told["at"], told["why"]) == ("2.0.0", socket, None)
    assert f"\nHoldfast 2.0.0 at {socket}\n" in typist("version").out


def test_an_upgrade_tells_its_outcome_and_that_the_api_answers_again(typist: Typist, house: Holdfast) -> None:
    house.configure(web=sleeper(), mail=sleeper(), off=sleeper(enabled=False))
    house.start()
    pids = {name: house.pid(name) for name in ("web", "mail")}
    told = json.loads(typist("upgrade", "--json").out)
    assert 0 < told.pop("pause") < 30
    api = {"renewed": True, "version": "2.0.0", "at": house.path("api.sock")}
    assert told == {"version": "2.0.0", "before": "2.0.0", "programs": 2, "handovers": 1, "api": api}
    assert {name: house.pid(name) for name in pids} == pids
    said = typist("upgrade")
    assert stable(said.out.replace(" ms;", " s;")) == (
        "Holdfast 2.0.0 took over from 2.0.0: 2 programs run on, pause TIME; the API is renewed\n"
        f"The API answers at {house.path('api.sock')}, as version 2.0.0"
    )
    assert {name: house.pid(name) for name in pids} == pids


def test_an_upgrade_of_nothing_says_so(typist: Typist, house: Holdfast) -> None:
    house.configure(web=sleeper())
    said = typist("upgrade", code=5)
    path = house.path("state", "run", "supervisor.sock")
    assert (said.out, said.err) == ("", f"holdfast: no supervisor can be reached at {path}\n")
