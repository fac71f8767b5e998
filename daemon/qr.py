"""QR codes as text, for a terminal with a dark background: what is light in the code is a block."""

_BORDER = 2  # half of what the standard asks for, so that it fits into 24 lines; scanners do not mind
_BLOCKS = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}


def drawn(text: str) -> str:
    """Return a QR code of a text: lines of half blocks, two rows of the code in each."""
    import segno  # noqa: PLC0415  (25 ms of each start, for what almost nobody asks for)

    code = segno.make_qr(text, error="l")
    rows = [list(row) for row in code.matrix_iter(border=_BORDER)]
    if len(rows) % 2:
        rows.append([1] * len(rows[0]))
    return "\n".join(
        "".join(_BLOCKS[bool(upper), bool(lower)] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    )
