"""What was noticed about single members: too much to be silent about, too little to give everything up."""

from dataclasses import dataclass, field

MOST = 100
"""Remarks that are kept word for word; the others are counted."""

_LONGEST_NAME = 300


@dataclass(slots=True)
class Remarks:
    """Names in an archive with the reason why they were left out, or are not as they were."""

    kept: list[tuple[str, str]] = field(default_factory=list)
    count: int = 0

    def add(self, name: str, reason: str) -> None:
        """Remember it; the name becomes text that can be shown, and no longer than a line."""
        self.count += 1
        if len(self.kept) < MOST:
            shown = name[:_LONGEST_NAME].encode("utf-8", "replace").decode()
            self.kept.append(("".join(c if c.isprintable() else "\ufffd" for c in shown), reason))
