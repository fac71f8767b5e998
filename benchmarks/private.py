"""What only Holdfast has: the private socket of its supervisor (Varlink), asked as a debugger would."""

import json
import os
import socket

from .case import NotMeasured

INTERFACE = "org.holdfast.Supervisor"


def ask(path: str, method: str, parameters: dict[str, object] | None = None) -> dict[str, object] | None:
    """Call a method; returns its answer, None if we are hung up on. Raises `NotMeasured`, `OSError`."""
    call = {"method": f"{INTERFACE}.{method}", "parameters": parameters or {}}
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(60)
        try:
            one.connect(path)
        except FileNotFoundError as exc:
            raise NotMeasured("it has no supervisor with a private socket") from exc
        one.sendall(json.dumps(call).encode() + b"\0")
        told = b""
        try:
            while not told.endswith(b"\0"):
                if not (got := one.recv(1 << 18)):
                    return None
                told += got
        except ConnectionResetError:
            return None
    answer = json.loads(told[:-1])
    if "error" in answer:
        raise NotMeasured(f"{method}: {answer}")
    return dict(answer["parameters"])


def apply_more(path: str, count: int) -> None:
    """Give the supervisor a plan with the programs of ours that it has, and so many that sleep."""
    names = [f"s{number:04}" for number in range(count + 1)]
    folder = os.path.dirname(path)
    ask(
        path,
        "Apply",
        {
            "plan": {
                "services": [
                    {"name": name, "command": ["/bin/sleep", "100000"], "directory": folder} for name in names
                ]
            }
        },
    )
