"""Refusals of files, folders, uploads, archives and jobs."""

from .reactions import Conflict, Invalid, NotAllowedTo, NotThere, Unavailable, WentWrong


class InvalidPath(Invalid):
    """This path cannot be meant, or it leads out of the server's folder."""


class NoSuchFile(NotThere):
    """There is nothing at this path."""


class NoSuchFolder(NotThere):
    """The folder in which it should be does not exist."""


class NotAFile(Invalid):
    """This is no file."""


class NotAFolder(Invalid):
    """This is no folder."""


class FileExists(Conflict):
    """There is something at this path already."""


class Modified(Conflict):
    """Somebody else has changed it meanwhile; what is there was left as it is."""


class Busy(Conflict):
    """Something else is at it just now."""


class Forbidden(NotAllowedTo):
    """This cannot be done with a server's own folder."""


class Denied(NotAllowedTo):
    """The machine does not let Holdfast do that."""


class IntoItself(Invalid):
    """A folder cannot be put into itself."""


class InvalidOperation(Invalid):
    """There is no such operation."""


class InvalidMode(Invalid):
    """A file cannot have this mode."""


class InvalidRequest(Invalid):
    """What is asked for does not go together."""


class InvalidForm(Invalid):
    """The form cannot be read."""


class OperationFailed(Conflict):
    """Of several operations one failed, so none was carried out; `told["errors"]` has each."""


class NoSuchRange(Invalid):
    """The file is not as long as that."""


class TooLarge(Invalid):
    """It has more bytes than it may have."""


class NoSpace(WentWrong):
    """The disk is full, or the quota is used up."""


class FileError(WentWrong):
    """The file system refuses."""


class InvalidHeader(Invalid):
    """A header of an upload cannot be read."""


class UnknownChecksum(Invalid):
    """This kind of checksum is not known."""


class ChecksumMismatch(Invalid):
    """The bytes are not those that were sent."""


class WrongContentType(Invalid):
    """A part of an upload has another content type."""


class WrongVersion(Invalid):
    """The other side speaks another version of tus."""


class WrongOffset(Conflict):
    """The upload goes on at another byte."""


class Expired(NotThere):
    """The upload was given up, because nobody went on with it."""


class UnsupportedArchive(Invalid):
    """This is no archive that can be taken apart."""


class InvalidArchive(Invalid):
    """There is no such kind of archive to download."""


class InvalidArchiveType(Invalid):
    """There is no such kind of archive to make."""


class InvalidCompression(Invalid):
    """There is no such compression."""


class BadArchive(WentWrong):
    """The archive is broken, or goes beyond what it may."""


class NoToken(Invalid):
    """The token of a job is missing."""


class InvalidToken(Invalid):
    """There is no job with this token."""


class Failed(WentWrong):
    """The job has failed; the message says why."""


class NothingToSearch(Invalid):
    """It is not said what to search for."""


class InvalidSearch(Invalid):
    """This cannot be searched for."""


class NoSuchJob(NotThere):
    """There is no such job, or no more."""


class NotCancellable(Conflict):
    """The job is over, or cannot be stopped any more."""


class Cancelled(Conflict):
    """Somebody has stopped the job."""


class TooManyJobs(Unavailable):
    """As many jobs run as may."""
