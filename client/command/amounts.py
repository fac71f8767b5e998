"""Numbers as people read them, and back."""


def size(count: float) -> str:
    """Return bytes with a unit: `3.4 MiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(count) < 1023.95:  # from there on, it would be written as 1024.0
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def duration(seconds: float) -> str:
    """Return a duration in its two largest units: `3d 4h`, `12m 5s`, `0.4s`."""
    if seconds < 10:
        return f"{seconds:.1f}s"
    whole = int(seconds)
    parts = ((whole // 86400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "m"), (whole % 60, "s"))
    first = next(index for index, (count, _) in enumerate(parts) if count)
    return " ".join(f"{count}{unit}" for count, unit in parts[first : first + 2] if count)


def percent(share: float) -> str:
    """Return a share of one processor: `3.4%`."""
    return f"{share:.1f}%"
