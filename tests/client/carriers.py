"""All ways by which the client carries an operation, under one signature."""

import gc
from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar

import anyio

from client.asyncweb import AsyncWeb
from client.drivers import AsyncDriver, Driver, Way
from client.exchange import Steps
from client.quick import Quick
from client.target import Target
from client.web import Web

T = TypeVar("T")

PATIENCE = 20.0


class Carrier(Protocol):
    """Carries an operation out; all connections are closed then."""

    def __call__(self, target: Target, steps: Steps[T], patience: float = PATIENCE) -> T: ...


def _waiting(
    make: Callable[[Target, float], Way], target: Target, steps: Steps[T], patience: float = PATIENCE
) -> T:
    way = make(target, patience)
    try:
        return Driver(way).run(steps)
    finally:
        way.close()
        gc.collect()  # what was not closed is told of now


def _awaiting(backend: str, target: Target, steps: Steps[T], patience: float = PATIENCE) -> T:
    async def main() -> T:
        way = AsyncWeb(target, patience)
        try:
            return await AsyncDriver(way).run(steps)
        finally:
            await way.close()

    try:
        return anyio.run(main, backend=backend)
    finally:
        gc.collect()


CARRIERS: dict[str, Carrier] = {
    "quick": partial(_waiting, Quick),
    "web": partial(_waiting, Web),
    "asyncio": partial(_awaiting, "asyncio"),
    "trio": partial(_awaiting, "trio"),
}
