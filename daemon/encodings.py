"""In which form a client takes an answer: `Accept-Encoding` (RFC 9110, section 12.5.3)."""

import re
from collections.abc import Collection

PLAIN = ""
"""As it is; who refuses that, too, gets it all the same, which the RFC allows."""

_WEIGHT = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")
_ORDER = ("br", "gzip")
"""What is smaller comes first, where the client does not care."""

_MOST = 32
"""Items of a header that are looked at; browsers send four."""


def encoding_for(accepted: str | None, there: Collection[str]) -> str:
    """Return which of the encodings that are there the client wants most, or `PLAIN`."""
    if not accepted or not there:
        return PLAIN
    weights: dict[str, float] = {}
    for item in accepted.split(",", _MOST)[:_MOST]:
        name, *parameters = item.split(";")
        weights[name.strip().lower()] = _weight(parameters)
    others = weights.get("*", 0.0)
    found, best = PLAIN, 0.0
    for name in _ORDER:
        weight = weights.get(name, others)
        if name in there and weight > best:
            found, best = name, weight
    # Who names the plain form and likes it better gets it; who does not name it likes it least.
    return PLAIN if weights.get("identity", 0.0) > best else found


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        key, equals, value = parameter.partition("=")
        if equals and key.strip().lower() == "q":
            text = value.strip()
            return float(text) if _WEIGHT.fullmatch(text) else 0.0
    return 1.0
