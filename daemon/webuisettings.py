"""The section `webUI` of the config: whether the web page is served, and where.

Rules:
- The page's port is another one than the API's: both answer `/`, each in its own way.
- Who has given the API the page's usual port, and says nothing of the page, keeps what he has: there is no
  page, and a warning says so. Before there was a page, such a config was right.
"""

from dataclasses import dataclass

from .values import Section, Value

WEB_PORT = 7877


@dataclass(frozen=True, slots=True)
class WebUISettings:
    """Whether the page has a port, which (0: the kernel chooses); whether it is at `/ui/` of the API's."""

    enabled: bool = True
    port: int = WEB_PORT
    on_api_port: bool = False


def read_web_ui_settings(section: Section, port: int, at: Value | None) -> WebUISettings:
    """Return the settings; raises `ConfigError`. `port` is the API's, which stands at `at` if anywhere."""
    usual = WebUISettings()
    settings = WebUISettings(
        enabled=section.flag("enabled", usual.enabled),
        port=section.whole("port", usual.port, 0, 65535),
        on_api_port=section.flag("onApiPort", usual.on_api_port),
    )
    section.warn_unknown()
    if settings.enabled and settings.port == port != 0:
        if (value := section.get("port")) is not None:
            raise value.error(f"expected another port than that of the API, which is {port}")
        if not section.empty or at is None:
            raise section.value.source.error(
                section.value.index,
                f"expected another port than that of the API: both are {port}",
                section.value.path("port"),
            )
        at.warn("is the web page's usual port, so there is no web page: give it another one (webUI.port)")
        return WebUISettings(False, settings.port, settings.on_api_port)
    return settings
