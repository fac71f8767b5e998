"""What is done with files by their names: make a folder, move, copy, change the mode."""

import os
import stat

from .copying import Copier, open_source
from .doomed import doom
from .errors import AlreadyExists, Busy, Denied, NotAFile, OtherFileSystem, about, concerning
from .places import Place, destination, must_be_free, must_be_outside, rename, source
from .progress import Progress
from .relpath import RelPath
from .root import Root
from .staging import StagedFile, StagedFolder, belong
from .syscalls import sync_file_system

_MODE = 0o777
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def make_folder(root: Root, path: RelPath) -> None:
    """Make an empty folder; raises `AlreadyExists`, `NoSuchFile` if the one that it is in is missing.

    If we are root, it belongs to the owner of the folder that it is in.
    """
    if path.is_root and root.fence(path).is_root:
        raise AlreadyExists(f"{path}: exists already")
    with root.parent(path) as (folder, name), about(path):
        os.mkdir(name, dir_fd=folder)
        try:
            fd = os.open(name, _FOLDER, dir_fd=folder)
        except (FileNotFoundError, NotADirectoryError) as exc:
            raise Busy(f"{path}: was replaced by somebody else") from exc
        try:
            belong(fd, folder)
        finally:
            os.close(fd)


def move(root: Root, src: RelPath, dest: RelPath, progress: Progress) -> RelPath:
    """Move something, links themselves; return where it is now. An existing folder as `dest` means into it.

    Between file systems it is copied, and deleted when the copy is whole and durable. Raises, with the `role`
    of the path that it is about: `NoSuchFile`, `InvalidPath`, `AlreadyExists`, `IntoItself`, `RootForbidden`,
    `NotAFile` for what cannot be copied there, `Busy`, `Denied`, `NoSpace`, `Cancelled`.
    """
    with source(root, src) as (thing, info), destination(root, dest, src.name) as place:
        try:
            rename(thing, place)
        except OtherFileSystem:
            _copy(root, thing, info, place, progress, keep_owner=True)
            sync_file_system(place.folder)
            # It is moved now, so it is too late to stop.
            doom(root, thing, info).purge_or_put_back(root, src, Progress())
        return place.path


def copy(root: Root, src: RelPath, dest: RelPath, progress: Progress) -> RelPath:
    """Copy something, links themselves; return where the copy is. An existing folder means into it.

    It is seen when it is whole, or not at all. What is kept of it: see copying. Raises as `move`.
    """
    with source(root, src) as (thing, info), destination(root, dest, src.name) as place:
        _copy(root, thing, info, place, progress, keep_owner=False)
        return place.path


def change_mode(root: Root, path: RelPath, mode: int) -> None:
    """Set who may read, write and run it; links that stay inside are followed. Only 0o777 is meant.

    Raises `Denied` for other bits, `RootForbidden`, `NoSuchFile`, `InvalidPath`.
    """
    if mode & ~_MODE:
        raise Denied(f"{path}: only permissions can be set, not {mode:o}")
    root.spare_top(path)
    fd = root.open(path, os.O_PATH)
    try:
        with about(path):
            # fchmod(2) does not take a descriptor that only names a file, and others may wait or be refused.
            os.chmod(f"/proc/self/fd/{fd}", mode)
    finally:
        os.close(fd)


def _copy(
    root: Root, thing: Place, info: os.stat_result, place: Place, progress: Progress, *, keep_owner: bool
) -> None:
    must_be_free(place)
    copier = Copier(progress, None if keep_owner else place.folder)
    if stat.S_ISDIR(info.st_mode):
        must_be_outside(root, info, place)
        with StagedFolder(root, place.path) as folder:
            copier.fill(thing.folder, thing.name, folder.fd)
            with concerning("dest"):
                folder.publish(stat.S_IMODE(info.st_mode) & _MODE)
    elif stat.S_ISLNK(info.st_mode):
        with about(place.path):
            copier.copy_link(thing.folder, thing.name, place.folder, place.name, info)
    elif stat.S_ISREG(info.st_mode):
        with about(thing.path):
            fd = open_source(thing.folder, thing.name)
        try:
            progress.expect(info.st_size, 1)
            with StagedFile(root, place.path) as file:
                with about(place.path):
                    copier.copy_content(fd, file.fd)
                with concerning("dest"):
                    file.publish(replace=False)
                progress.add(entries=1)
        finally:
            os.close(fd)
    else:
        raise NotAFile(f"{thing.path}: is neither a file nor a folder nor a link")
