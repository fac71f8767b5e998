"""Records from JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from client.exchange import Response
from client.failures import NotHoldfast
from client.records import Record, record, records, told


@dataclass(frozen=True, kw_only=True)
class Inner(Record):
    name: str


@dataclass(frozen=True, kw_only=True)
class Outer(Record):
    count: int
    in_: float = 0.0
    restart_in: float | None = None
    flag: bool = False
    inner: Inner | None = None
    all_of_them: Sequence[Inner] = ()
    by_name: Mapping[str, Inner] = field(default_factory=dict)
    grid: Sequence[Sequence[float | None]] = ()
    either: int | str = 0
    anything: object = None


def test_keys_become_fields_and_values_what_the_fields_say() -> None:
    value = {
        "count": 3,
        "in": 2,
        "restartIn": 1.5,
        "flag": True,
        "inner": {"name": "a"},
        "allOfThem": [{"name": "b"}],
        "byName": {"c": {"name": "c"}},
        "grid": [[1, None]],
        "either": "x",
        "anything": {"new": [1]},
    }
    found = record(Outer, value)
    assert found == Outer(
        count=3,
        in_=2.0,
        restart_in=1.5,
        flag=True,
        inner=Inner(name="a"),
        all_of_them=(Inner(name="b"),),
        by_name={"c": Inner(name="c")},
        grid=((1.0, None),),
        either="x",
        anything={"new": [1]},
    )
    assert found.raw is value
    assert isinstance(found.in_, float)
    assert found.inner is not None
    assert found.inner.raw == {"name": "a"}


def test_what_a_newer_api_adds_is_in_raw_and_disturbs_nobody() -> None:
    found = record(Outer, {"count": 1, "brandNew": [1, 2], "raw": "no field"})
    assert found.raw["brandNew"] == [1, 2]
    assert found.raw["raw"] == "no field"


def test_what_an_older_api_does_not_say_is_as_if_there_were_none() -> None:
    assert record(Outer, {"count": 1}) == Outer(count=1)


def test_a_whole_number_may_come_with_a_point() -> None:
    assert record(Outer, {"count": 3.0}).count == 3


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (None, "the answer has no Outer, but null"),
        ([], "the answer has no Outer, but a list"),
        ({}, "the answer has a Outer without count"),
        ({"count": "3"}, "the answer has a text as Outer.count"),
        ({"count": True}, "the answer has true or false as Outer.count"),
        ({"count": 3.5}, "the answer has a number as Outer.count"),
        ({"count": float("nan")}, "the answer has a number as Outer.count"),
        ({"count": None}, "the answer has null as Outer.count"),
        ({"count": 1, "flag": 1}, "the answer has a number as Outer.flag"),
        ({"count": 1, "in": True}, "the answer has true or false as Outer.in"),
        ({"count": 1, "inner": {}}, "the answer has an object as Outer.inner"),
        ({"count": 1, "allOfThem": {}}, "the answer has an object as Outer.allOfThem"),
        ({"count": 1, "allOfThem": [{}]}, "the answer has a Inner without name"),
        ({"count": 1, "byName": []}, "the answer has a list as Outer.byName"),
        ({"count": 1, "either": None}, "the answer has null as Outer.either"),
    ],
)
def test_another_object_is_told_of_and_not_half_taken(value: object, sentence: str) -> None:
    with pytest.raises(NotHoldfast) as raised:
        record(Outer, value)
    assert str(raised.value) == sentence


def test_a_list_of_records() -> None:
    assert records(Inner, [{"name": "a"}]) == [Inner(name="a")]
    with pytest.raises(NotHoldfast):
        records(Inner, {"name": "a"})


@pytest.mark.parametrize("body", [b"", b"null", b"[1]", b"{", b"\xff", b"[" * 200_000, b"<html>"])
def test_what_is_no_object_is_not_holdfast(body: bytes) -> None:
    with pytest.raises(NotHoldfast):
        told(Response(200, {}, body))
