"""Makes an archive of what is below a root."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import AlreadyExists, NoSuchFile, about
from ..progress import Progress
from ..relpath import RelPath
from ..root import Root
from ..staging import StagedFile
from .blocks import compressing
from .formats import Codec, Format
from .output import Output
from .remarks import Remarks
from .sources import chosen, sources
from .tarwriter import TarWriter
from .threads import MANY, Ordered, processors
from .zipwriter import ZipWriter

_CODECS = {
    Format.TAR: Codec.NONE,
    Format.TAR_GZIP: Codec.GZIP,
    Format.TAR_ZSTD: Codec.ZSTD,
    Format.TAR_XZ: Codec.XZ,
    Format.TAR_BZIP2: Codec.BZIP2,
}


@dataclass(frozen=True, slots=True)
class Packed:
    """What was written: members, bytes of the archive, and what was left out or changed meanwhile."""

    entries: int
    bytes: int
    remarks: list[tuple[str, str]]
    """(name, reason), not more than 100."""
    remarks_count: int


def pack(
    root: Root,
    paths: Sequence[RelPath],
    base: RelPath,
    out: int,
    format: Format,  # noqa: A002  the word for it
    progress: Progress,
    *,
    skip: tuple[int, int] | None = None,
    without: Sequence[RelPath] = (),
) -> Packed:
    """Write an archive of files and folders to a descriptor, which may be a pipe, from its position on.

    Names in it are relative to `base`; links are stored as links. `skip` is (device, inode) of something that
    is left out: the archive itself, where `out` does not tell; so is what lies at the paths `without`.
    `progress` counts bytes of content.

    Raises `NoSuchFile` for a path that is missing and `InvalidPath` for one that is not in `base`, before
    anything is written; then `Denied`, `Busy`, `NoSpace`, `Cancelled`, also if the reader of a pipe goes.
    """
    walked = chosen(root, paths, base)
    if skip is None:
        info = os.fstat(out)
        skip = (info.st_dev, info.st_ino)
    remarks = Remarks()
    output = Output(out)
    found = sources(root, walked, base, skip, remarks, without)
    try:
        with about("the archive"):
            if format.is_zip:
                zipped = ZipWriter(output, progress, remarks, deflate=format is Format.ZIP)
                entries = zipped.write(found)
            else:
                codec = _CODECS[format]
                with Ordered(processors(), MANY if codec is Codec.GZIP else 0) as threads:
                    stream = compressing(codec, output, threads, processors())
                    entries = TarWriter(stream, progress, remarks).write(found)
    finally:
        found.close()
    return Packed(entries, output.position, remarks.kept, remarks.count)


def pack_to(
    root: Root,
    paths: Sequence[RelPath],
    base: RelPath,
    dest: RelPath,
    format: Format,  # noqa: A002
    progress: Progress,
    without: Sequence[RelPath] = (),
) -> Packed:
    """The same into a new file, which nobody sees before it is whole; raises also `AlreadyExists`."""
    chosen(root, paths, base)  # first, so that a missing path is told before a destination that cannot be
    try:
        root.stat(dest, follow=False)
    except NoSuchFile:
        pass
    else:
        raise AlreadyExists(f"{dest}: exists already")
    with StagedFile(root, dest) as staged, about(dest):
        packed = pack(root, paths, base, staged.fd, format, progress, without=without)
        staged.publish(replace=False)
    return packed
