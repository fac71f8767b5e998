"""Files and folders that nobody sees before they are whole.

Rules:
- A staged file has no name (O_TMPFILE, open(2)): when we are killed, nothing is left. It gets its name by
  linkat(2), or, if it replaces something, a hidden name first and then by rename(2). On file systems without
  O_TMPFILE it has a hidden name from the beginning.
- A staged folder has a hidden name beside the place where it shall be.
- Whatever has a hidden name stands in a note first, so that `sweep` can remove what its maker has left.
- What replaces a file gets its mode (without setuid and setgid); if we are root, what is new belongs to the
  owner of the folder it is in, since a program that does not run as root must be able to use it.
"""

import contextlib
import errno
import os
import stat
from typing import Self

from .errors import Busy, FileError, NotAFile, about
from .notes import Note
from .progress import Progress
from .relpath import RelPath
from .removal import remove
from .root import Root
from .syscalls import rename_new, sync_file_system

_NO_TMPFILE = {errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL}


class StagedFile:
    """A file that is being written beside its place; `fd` takes the content."""

    def __init__(self, root: Root, path: RelPath) -> None:
        """Make one in the folder of `path`, links followed; raises `NoSuchFile` if there is none."""
        self.path = path
        self._root = root
        with contextlib.ExitStack() as stack:
            self._folder, self._name = stack.enter_context(root.target(path))
            self._note: Note | None = None
            self._held: tuple[int, str] | None = None
            with about(path):
                try:
                    flags = os.O_RDWR | os.O_TMPFILE | os.O_CLOEXEC
                    self.fd = os.open(".", flags, 0o666, dir_fd=self._folder)
                except OSError as exc:
                    if exc.errno not in _NO_TMPFILE:
                        raise
                    self._note = stack.enter_context(Note(root, self._folder))
                    self._held = self._folder, self._note.name
                    self.fd = _create(self._folder, self._note.name)
            stack.callback(self._close)
            with about(path):
                belong(self.fd, self._folder)
            self._stack = stack.pop_all()

    @classmethod
    def held(cls, root: Root, path: RelPath, fd: int, folder: int, name: str) -> Self:
        """Take an open file that has a name elsewhere in the root; unless published, it keeps that.

        `folder` stays the caller's, and open. Raises as the constructor.
        """
        staged = cls.__new__(cls)
        staged.path, staged._root, staged._note, staged._held = path, root, None, (folder, name)
        with contextlib.ExitStack() as stack:
            staged._folder, staged._name = stack.enter_context(root.target(path))
            with about(path):
                staged.fd = os.dup(fd)
                stack.callback(staged._close)
                belong(staged.fd, staged._folder)
            staged._stack = stack.pop_all()
        return staged

    @property
    def place(self) -> tuple[int, str]:
        """The folder, open until this is closed, and the name in it that this will have."""
        return self._folder, self._name

    def publish(self, *, replace: bool = True) -> None:
        """Make it durable and give it its name.

        Raises `AlreadyExists` unless `replace`, `NotAFile` if a folder has the name, `NoSpace`.
        """
        with about(self.path):
            old = self._replaced()
            if old is not None:
                os.fchmod(self.fd, stat.S_IMODE(old.st_mode) & 0o777)
                with contextlib.suppress(PermissionError):
                    os.fchown(self.fd, old.st_uid, old.st_gid)
            os.fsync(self.fd)
            if self._held is not None:
                self._rename(*self._held, replace=replace)
            elif not self._link(self._name):
                if not replace:
                    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), self._name)
                with Note(self._root, self._folder) as note:
                    self._link(note.name)
                    try:
                        self._rename(self._folder, note.name, replace=True)
                    except BaseException:
                        os.unlink(note.name, dir_fd=self._folder)
                        raise
            sync(self._folder)

    def close(self) -> None:
        """End it; what was not published is gone."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _replaced(self) -> os.stat_result | None:
        try:
            old = os.stat(self._name, dir_fd=self._folder, follow_symlinks=False)
        except FileNotFoundError:
            return None
        if stat.S_ISDIR(old.st_mode):
            raise NotAFile(f"{self.path}: is a folder")
        return old if stat.S_ISREG(old.st_mode) else None

    def _link(self, name: str) -> bool:
        try:
            source = f"/proc/self/fd/{self.fd}"
            os.link(source, name, dst_dir_fd=self._folder, follow_symlinks=True)
        except FileExistsError:
            return False
        return True

    def _rename(self, folder: int, name: str, *, replace: bool) -> None:
        if replace:
            os.rename(name, self._name, src_dir_fd=folder, dst_dir_fd=self._folder)
        else:
            rename_new(folder, name, self._folder, self._name)

    def _close(self) -> None:
        os.close(self.fd)
        if self._note is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._note.name, dir_fd=self._folder)


class StagedFolder:
    """A folder that is being filled beside its place; `fd` is open on it."""

    def __init__(self, root: Root, path: RelPath) -> None:
        """Make one in the folder that `path` is in. Raises `NoSuchFile` if there is none."""
        self.path = path
        with contextlib.ExitStack() as stack:
            self._folder, self._name = stack.enter_context(root.parent(path))
            self._note = stack.enter_context(Note(root, self._folder))
            with about(path):
                os.mkdir(self._note.name, 0o700, dir_fd=self._folder)
                stack.callback(self._remove)
                flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
                self.fd = os.open(self._note.name, flags, dir_fd=self._folder)
                stack.callback(os.close, self.fd)
                belong(self.fd, self._folder)
            self._stack = stack.pop_all()

    @property
    def hidden_name(self) -> str:
        """Its name until it is published, in the folder it is in."""
        return self._note.name

    def publish(self, mode: int = 0o755) -> None:
        """Make it durable, with all that is in it, and give it its name; raises `AlreadyExists`."""
        with about(self.path):
            os.fchmod(self.fd, mode)
            sync_file_system(self.fd)
            rename_new(self._folder, self._note.name, self._folder, self._name)
            sync(self._folder)

    def close(self) -> None:
        """End it; what was not published is gone, however much it is."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _remove(self) -> None:
        try:
            remove(self._folder, self._note.name, Progress())
        except (FileError, OSError):
            self._note.keep()  # the next sweep may do better


def sync(folder: int) -> None:
    """Make what was renamed, linked or removed in a folder durable."""
    try:
        os.fsync(folder)
    except OSError as exc:
        if exc.errno != errno.EINVAL:  # a file system that has no such thing for folders
            raise


def _create(folder: int, name: str) -> int:
    return os.open(
        name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666, dir_fd=folder
    )


def belong(fd: int, folder: int) -> None:
    """Give what is new to the owner of the folder that it is in, if we are root.

    Raises `Busy` if a folder is not empty: then it is not the one that was made.
    """
    if os.geteuid() != 0:
        return
    above = os.fstat(folder)
    if stat.S_ISDIR(os.fstat(fd).st_mode) and os.listdir(fd):
        # Made and opened by name: whoever may rename there could have us give away a folder of another owner.
        raise Busy("a folder that has just been made was replaced by somebody else")
    os.fchown(fd, above.st_uid, above.st_gid)
