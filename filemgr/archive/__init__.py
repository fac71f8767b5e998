"""Archives: making them of what is below a root, and unpacking them there."""

from .formats import Format
from .pack import Packed, pack, pack_to

__all__ = ["Format", "Packed", "pack", "pack_to"]
