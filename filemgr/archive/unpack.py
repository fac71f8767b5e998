"""Unpacks an archive below a root."""

import os
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol

from ..errors import BadArchive, NoSuchFile, TooLarge, UnsupportedArchive, about
from ..progress import Progress
from ..relpath import RelPath
from ..root import Root
from ..staging import StagedFolder, sync
from ..syscalls import sync_file_system
from .formats import MAGIC, Codec, Container, Kind, confirm, split
from .limits import Limits, Meter
from .merge import merge
from .readahead import ReadAhead
from .remarks import Remarks
from .singlereader import SingleReader
from .streams import Range, Stream, decompressed
from .tarreader import TarReader
from .tree import Tree
from .zipreader import ZipReader


class _Reader(Protocol):
    def unpack(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What came out of an archive: members seen, bytes (as `Limits` counts them), and what was left out."""

    entries: int
    bytes: int
    skipped: list[tuple[str, str]]
    """(name, reason), not more than 100."""
    skipped_count: int


def unpack(root: Root, archive: RelPath, dest: RelPath, limits: Limits, progress: Progress) -> Unpacked:
    """Unpack an archive into a folder, which is made if it is not there; nothing is seen before all is done.

    In a folder that is there, files are then replaced and folders merged, one rename for each. Members that
    are not safe are left out, and told. `progress` is asked by several threads, one at a time; it is not
    asked any more once things are being put into place.

    Raises `NoSuchFile` (the archive, or the folder that `dest` is in), `NotAFile` for an archive that is no
    file, `NotAFolder` if `dest` is a file, `UnsupportedArchive`, `BadArchive`, `TooLarge`, `NoSpace`,
    `Denied`, `Cancelled`.
    """
    with ExitStack() as stack:
        fd = root.open_file(archive)
        stack.callback(os.close, fd)
        name, kind = split(archive.name)
        confirm(kind, os.pread(fd, MAGIC, 0), archive.name)
        there = _there(root, dest)
        if there is not None:
            stack.callback(os.close, there)
        remarks = Remarks()
        meter = Meter(limits, os.fstat(fd).st_size, progress)
        try:
            _unpack(root, fd, name, kind, dest, there, meter, remarks)
        except MemoryError as exc:
            raise TooLarge(f"{archive}: needs more memory than is allowed") from exc
        except (BadArchive, TooLarge, UnsupportedArchive) as exc:
            raise type(exc)(f"{archive}: {exc}") from exc
        return Unpacked(meter.entries, meter.bytes, remarks.kept, remarks.count)


def _unpack(
    root: Root,
    fd: int,
    name: str,
    kind: Kind,
    dest: RelPath,
    there: int | None,
    meter: Meter,
    remarks: Remarks,
) -> None:
    with ExitStack() as stack, about(dest):
        stream = _stream(stack, fd, kind)
        # In a folder that is there, staging is inside: it may be on another disk than what is above it.
        staged = stack.enter_context(StagedFolder(root, dest / "unpacked" if there is not None else dest))
        owner = os.fstat(staged.fd)
        tree = stack.enter_context(Tree(staged.fd, owner, remarks))
        reader = _reader(fd, stream, name, kind, tree, meter, remarks)
        reader.unpack()
        tree.finish(os.readlink(f"/proc/self/fd/{staged.fd}"))
        if there is None:
            staged.publish()
        else:
            sync_file_system(staged.fd)
            merge(staged.fd, there, remarks)
            sync(there)


def _there(root: Root, dest: RelPath) -> int | None:
    """Open the destination, if it is there; raises `NotAFolder`."""
    try:
        with root.folder(dest) as fd:
            return os.dup(fd)
    except NoSuchFile:
        return None


def _stream(stack: ExitStack, fd: int, kind: Kind) -> Stream:
    whole = Range(fd, 0, os.fstat(fd).st_size)
    if kind.codec is Codec.NONE:
        return whole
    return stack.enter_context(ReadAhead(decompressed(whole, kind.codec)))


def _reader(
    fd: int, stream: Stream, name: str, kind: Kind, tree: Tree, meter: Meter, remarks: Remarks
) -> _Reader:
    match kind.container:
        case Container.ZIP:
            return ZipReader(fd, tree, meter, remarks)
        case Container.TAR:
            reader = TarReader(stream, tree, meter, remarks)
            reader.confirm()
            return reader
        case Container.NONE:
            return SingleReader(stream, name, tree, meter)
        case Container.SEVENZIP:
            # py7zr brings psutil and a cipher library: 0.2 s and 15 MB that others need not pay for.
            from .sevenzip import SevenZipReader  # noqa: PLC0415

            return SevenZipReader(fd, tree, meter, remarks)
