"""What a test has used to come in must stand nowhere afterwards: each house looks for it at its end."""

import os
from collections.abc import Collection


def leaked(folder: str, secrets: Collection[str]) -> list[str]:
    """Return the files below `logs` and `state` of a folder that hold any of these texts, with which one."""
    found: list[str] = []
    for top in ("logs", "state"):
        for place, _, names in os.walk(os.path.join(folder, top)):
            for path in (os.path.join(place, name) for name in names):
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        data = file.read()
                    found += [f"{path}: {secret[:4]}…" for secret in secrets if secret.encode() in data]
    return found
