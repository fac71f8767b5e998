"""`/`, `/health`, `/ready`, `/host`: Holdfast itself, and the machine that it runs on."""

from .exchange import Request, Steps
from .failures import NotHoldfast
from .operation import D, Operation, Resource
from .records import told


class System(Resource[D]):
    """Holdfast itself."""

    @Operation
    def version(self) -> Steps[str]:
        """Return its version; nobody needs to be known for that.

        >>> holdfast.system.version()
        '2.0.0'
        """
        version = told((yield Request("GET", "/"))).get("version")
        if not isinstance(version, str):
            raise NotHoldfast("what answers there has no version")
        return version
