"""System calls that Python 3.11 does not know: openat2(2), renameat2(2), syncfs(2)."""

import ctypes
import errno
import functools
import os

_libc = ctypes.CDLL(None, use_errno=True)

_OPENAT2 = 437  # the same number on every architecture
RESOLVE_NO_MAGICLINKS = 0x02
RESOLVE_NO_SYMLINKS = 0x04
RESOLVE_BENEATH = 0x08

_RENAME_NOREPLACE = 1


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def open_beneath(folder: int, path: str, flags: int, *, links: bool = True) -> int:
    """Open what never leaves a folder, links included; raises `OSError`, EXDEV if it would leave.

    EAGAIN means that something was renamed meanwhile and nothing can be promised: openat2(2). Without
    `links`, ELOOP means that there is one.
    """
    resolve = RESOLVE_BENEATH | (RESOLVE_NO_MAGICLINKS if links else RESOLVE_NO_SYMLINKS)
    how = _OpenHow(flags | os.O_CLOEXEC, 0, resolve)
    fd: int = _libc.syscall(
        ctypes.c_long(_OPENAT2),
        ctypes.c_int(folder),
        ctypes.c_char_p(os.fsencode(path)),
        ctypes.byref(how),
        ctypes.c_size_t(ctypes.sizeof(how)),
    )
    if fd < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), path)
    return fd


@functools.cache
def has_open_beneath() -> bool:
    """Tell whether the kernel, and the sandbox we may be in, have openat2."""
    here = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.close(open_beneath(here, ".", os.O_PATH | os.O_DIRECTORY))
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(here)


def rename_new(old_folder: int, old: str, new_folder: int, new: str) -> None:
    """Rename to a name that is free; raises `OSError`, EEXIST if it is not: renameat2(2), RENAME_NOREPLACE.

    On a file system that cannot promise that, a look before takes its place.
    """
    try:
        _renameat2(old_folder, old, new_folder, new, _RENAME_NOREPLACE)
    except OSError as exc:
        if exc.errno not in (errno.ENOSYS, errno.EINVAL, errno.EPERM):
            raise
        try:
            os.stat(new, dir_fd=new_folder, follow_symlinks=False)
        except FileNotFoundError:
            # EINVAL is also said of a folder that would go into itself; then this says it again.
            os.rename(old, new, src_dir_fd=old_folder, dst_dir_fd=new_folder)
        else:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new) from exc


def sync_file_system(fd: int) -> None:
    """Make all that was written to the file system durable that a descriptor is on; raises `OSError`."""
    if _libc.syncfs(ctypes.c_int(fd)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _renameat2(old_folder: int, old: str, new_folder: int, new: str, flags: int) -> None:
    try:
        call = _libc.renameat2
    except AttributeError as exc:  # a C library that is older than this
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), new) from exc
    done: int = call(old_folder, os.fsencode(old), new_folder, os.fsencode(new), ctypes.c_uint(flags))
    if done != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), new)
