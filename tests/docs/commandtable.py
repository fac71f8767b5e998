"""docs/commands.md and docs/holdfast.1, made from the commands: `python -m tests.docs.commandtable`."""

import pathlib
from collections.abc import Iterator

from client.command import manpage, reference

DOCS = pathlib.Path(__file__).parents[2] / "docs"

HEAD = """\
# The command

<!-- Made by `python -m tests.docs.commandtable` from the commands themselves. -->

`holdfast COMMAND [OPTIONS] [ARGUMENTS]`; `holdfast COMMAND --help` tells what stands here, `holdfast man`
writes the manual page, and `holdfast completion bash|zsh|fish` what a shell needs to complete commands, names
of servers and their paths.

Results are written to standard output, everything else to standard error. In a pipe there are neither colours
nor progress; `--json` tells programs the API's own objects, or one per line where it goes on and on.
"""


def reference_page() -> str:
    return "".join(f"{line}\n" for line in _lines())


def pages() -> dict[pathlib.Path, str]:
    """Return what the pages must be."""
    return {DOCS / "commands.md": reference_page(), DOCS / "holdfast.1": manpage.page()}


def _lines() -> Iterator[str]:
    yield HEAD
    yield "## Which Holdfast\n"
    yield reference.FINDING
    yield from _table("Options of all commands", ("option", ""), reference.general_options())
    yield from _table("Exit codes", ("code", ""), reference.exit_codes(), code=False)
    yield from _table("Environment", ("variable", ""), reference.ENVIRONMENT)
    section = ""
    for one in reference.told():
        if one.section and one.section != section:
            section = one.section
            yield f"## {section}\n"
        yield f"### {one.path}\n"
        yield f"```\n{one.usage}\n```\n"
        for paragraph in one.help:
            kept = paragraph.strip().removeprefix("\b\n")
            yield f"```\n{kept}\n```\n" if kept != paragraph.strip() else f"{kept}\n"
        if one.aliases:
            yield f"Also called {', '.join(f'`{alias}`' for alias in one.aliases)}.\n"
        yield from _rows(("option", ""), one.options)


def _table(title: str, head: tuple[str, str], rows: reference.Rows, *, code: bool = True) -> Iterator[str]:
    yield f"## {title}\n"
    yield from _rows(head, rows, code=code)


def _rows(head: tuple[str, str], rows: reference.Rows, *, code: bool = True) -> Iterator[str]:
    if rows:
        yield f"| {head[0]} | {head[1]} |\n|---|---|"
        for name, said in rows:
            cells = [one.replace("|", "\\|") for one in (f"`{name}`" if code else name, said)]
            yield f"| {' | '.join(cells)} |"
        yield ""


def main() -> None:
    """Write both pages anew."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
