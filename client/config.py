"""`/config`: the config as it stands in the file."""

from dataclasses import dataclass

from .exchange import Request, Steps
from .operation import D, Operation, Resource


@dataclass(frozen=True, slots=True)
class ConfigText:
    """The text of a config, and what names it and no other one."""

    text: bytes
    """Hjson, in UTF-8."""
    etag: str


class Config(Resource[D]):
    """The config that Holdfast runs by."""

    @Operation
    def read(self) -> Steps[ConfigText]:
        """Return the file, byte for byte; raises `NotPermitted`.

        >>> holdfast.config.read().text.decode()
        '{...'
        """
        answer = yield Request("GET", "/config")
        return ConfigText(answer.body, answer.headers.get("etag", ""))

    @Operation
    def replace(self, text: str | bytes, seen: str | None = None) -> Steps[None]:
        r"""Replace the file, and put it into effect; if anything of it is wrong, nothing has changed.

        `seen` is the etag of the text that it is to replace: if somebody else has changed that meanwhile,
        `EditedMeanwhile` is raised. Raises `InvalidConfig`, whose `detail` names file, line, column and key.

        >>> config = holdfast.config.read()
        >>> holdfast.config.replace(config.text + b"# looked at\n", config.etag)
        """
        body = text.encode() if isinstance(text, str) else text
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        yield Request("PATCH", "/config", headers=headers | ({"If-Match": seen} if seen else {}), body=body)

    @Operation
    def reload(self) -> Steps[None]:
        """Have the file read anew; raises `InvalidConfig`, and then the old one stays in force.

        >>> holdfast.config.reload()
        """
        yield Request("POST", "/config/reload")
