"""What cannot be done for who asks."""


class NoSuchService(LookupError):
    """No service has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no service {name}")
        self.name = name


class NotAllowed(Exception):
    """This cannot be asked of the service now; the message says why."""
