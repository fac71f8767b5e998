"""Where a Holdfast of this machine has its state and its supervisor's socket."""

import json
from pathlib import Path

import pytest

from client import place
from client.place import Place, found_place, meant_place, started_place


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the root of a machine on which our units run a Holdfast."""
    for name, path in (("CONFIGS", "etc/"), ("STATE", "var"), ("RUNTIME", "run")):
        monkeypatch.setattr(place, f"INSTALLED_{name}", f"{tmp_path}/{path}")
        (tmp_path / path).mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_who_starts_one_has_its_state_beside_the_config(installed: Path) -> None:
    assert started_place("etc/config.hjson") == Place(f"{installed}/etc/state", f"{installed}/etc/state/run")
    assert started_place("x.hjson", "there", "here") == Place(f"{installed}/there", f"{installed}/here")


def test_who_looks_finds_that_of_the_units_by_their_config(installed: Path) -> None:
    of_units = Place(f"{installed}/var", f"{installed}/run")
    assert found_place("etc/config.hjson") == of_units
    assert meant_place("etc/config.hjson", "", "") == of_units
    assert meant_place("", f"{installed}/var", "") == meant_place("", "", "") == of_units
    (installed / "etc/state").mkdir()  # somebody has started one by it himself
    assert found_place("etc/config.hjson").state == f"{installed}/etc/state"


@pytest.mark.parametrize(
    ("left", "api"),
    [
        ({"config": "/c", "socket": "/s"}, "/s"),
        ({"config": "/c", "socket": None}, ""),
        ({"socket": "/s"}, None),
        ([], None),
        (None, None),
    ],
)
def test_it_says_where_its_api_was(installed: Path, left: object, api: str | None) -> None:
    if left is not None:
        (installed / "var/api.json").write_text(json.dumps(left))
    assert found_place("etc/config.hjson").api == api
