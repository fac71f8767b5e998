"""The formats that archives are made in, by two words of Octyne's clients: a type, a compression."""

from collections.abc import Mapping

_ZIPS = {"true": "zip", "false": "zip-stored", "gzip": "zip", "zstd": "zip", "xz": "zip"}
"""What Octyne makes of these words for a zip, which knows only one compression."""

_TARS = {
    "true": "tar.gz",
    "gzip": "tar.gz",
    "false": "tar",
    "zstd": "tar.zst",
    "xz": "tar.xz",
    "bzip2": "tar.bz2",
}

KINDS: Mapping[str, Mapping[str, str]] = {"zip": _ZIPS, "tar": _TARS}
"""By type and compression, the name of the format."""


def suffix(kind: str) -> str:
    """Return what the name of an archive ends with."""
    return ".zip" if kind == "zip-stored" else f".{kind}"
