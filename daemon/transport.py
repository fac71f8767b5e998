"""What the config says of the way in, as it is in force: whom to believe, whose pages, how much at once."""

from collections.abc import Callable

from .addresses import Proxies
from .config import Config
from .cors import Callers
from .origins import Origins
from .quotas import Quotas


class Transport:
    """The parts that listeners and layers ask; they stay the same, and are told of each new config."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.callers = Callers()
        self.generation = 0
        """Changes with the config: what was made of a request by an older one does not hold any more."""
        self.hsts = 0
        self.origins = Origins()
        self.proxies = Proxies()
        self.quotas = Quotas(self.proxies, now)

    async def configure(self, config: Config) -> None:
        """Follow a new config."""
        self.generation += 1
        self.callers.origins = config.cors
        self.hsts = config.https.hsts
        self.origins.named = self.callers.named
        self.proxies.networks = config.proxies
        self.quotas.limits = config.limits
