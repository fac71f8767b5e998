"""The section `usage` of the config: how often programs and the machine are measured, and what is kept."""

from dataclasses import dataclass

from .values import Section

_LONGEST_INTERVAL = 3600
_LONGEST_HISTORY = 7 * 86_400


@dataclass(frozen=True, slots=True)
class UsageSettings:
    """Seconds between two measurements (0 is never), and seconds of which the numbers are kept."""

    interval: int = 10
    history: int = 86_400


def read_usage_settings(section: Section) -> UsageSettings:
    """Return the settings; raises `ConfigError`."""
    usual = UsageSettings()
    settings = UsageSettings(
        interval=section.whole("interval", usual.interval, 0, _LONGEST_INTERVAL),
        history=section.whole("history", usual.history, 0, _LONGEST_HISTORY),
    )
    section.warn_unknown()
    return settings
