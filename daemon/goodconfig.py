"""The last config that was good: what is in force if the one that people edit is broken at a start."""

from supervisor import StateFile

from .config import Config, ConfigError, ConfigFile


class GoodConfig:
    """The file in the state directory, and the good one before it."""

    def __init__(self, path: str, file: ConfigFile) -> None:
        self._config = file
        self._file = StateFile(path, self._parse)
        self.path = path

    def save(self, text: bytes) -> None:
        """Keep a text that was put into effect, durably; raises `OSError`, and then the old one stands."""
        self._file.save(text)

    def load(self) -> tuple[bytes, Config] | None:
        """Return text and config; None if none is known, or none that is good."""
        try:
            return self._file.load()
        except OSError:
            return None

    def _parse(self, text: bytes) -> tuple[bytes, Config]:
        try:
            return text, self._config.parse(text)
        except ConfigError as exc:
            # Its place is in this file and not in the one that people edit.
            place = f"line {exc.line}" if exc.line else ""
            raise ValueError(": ".join(part for part in (place, exc.key, exc.reason) if part)) from exc
