"""Puts the web page into the wheel: hatchling calls this for each wheel, an editable one too.

See "Custom build hook" in hatchling's documentation. What builds the page is scripts/webui.py.
"""

import importlib
import os
import sys
from types import ModuleType

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WITHOUT = "HOLDFAST_WITHOUT_PAGE"


class Page(BuildHookInterface[BuilderConfig]):
    """Builds the page, and names it to hatchling, which would leave it out as git does."""

    def dependencies(self) -> list[str]:
        """Return the Python package with Node in it, if the machine has none that is new enough."""
        if os.environ.get(WITHOUT):
            return []
        nodejs = self._script("nodejs")
        if nodejs.machine_node() is not None:
            return []
        # Elsewhere pip would compile Node itself, for hours.
        return [f"{nodejs.node_requirement()}; platform_machine == 'x86_64' or platform_machine == 'aarch64'"]

    def initialize(self, version: str, build_data: dict[str, object]) -> None:  # noqa: ARG002
        """Build the page; end the build with a sentence if that cannot be done."""
        if os.environ.get(WITHOUT):
            self.app.display_warning(f"The web page is left out: {WITHOUT} is set.")
            return
        webui = self._script("webui")
        try:
            webui.build()
        except (webui.NotBuilt, OSError) as error:
            self.app.abort(f"The web page could not be built: {error}. {WITHOUT}=1 leaves it out.")
        artifacts = build_data["artifacts"]
        if not isinstance(artifacts, list):
            raise TypeError(f"artifacts is {artifacts!r}, not a list")
        artifacts += ["/daemon/webui/**", f"!/daemon/webui/{webui.STAMP}"]

    def _script(self, name: str) -> ModuleType:
        # For this moment only: venv.py is there too, and is not the one of the standard library.
        scripts = os.path.join(self.root, "scripts")
        sys.path.insert(0, scripts)
        try:
            return importlib.import_module(name)
        finally:
            sys.path.remove(scripts)
