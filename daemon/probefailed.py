"""What a look at a server says that it did not pass."""


class ProbeFailed(Exception):
    """The look failed; the message says why, `output` what a command has said."""

    def __init__(self, why: str, output: str = "") -> None:
        super().__init__(why)
        self.output = output
