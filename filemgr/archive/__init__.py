"""Archives: making them of what is below a root, and unpacking them there."""

from .formats import Format
from .limits import Limits
from .pack import Packed, pack, pack_to
from .unpack import Unpacked, unpack

__all__ = ["Format", "Limits", "Packed", "Unpacked", "pack", "pack_to", "unpack"]
