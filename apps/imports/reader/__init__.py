"""Files in, frames of text out, in constant memory."""

from apps.imports.reader.blocks import BadLine, Block
from apps.imports.reader.limits import Limits
from apps.imports.reader.settings import FileFormat, ReadSettings
from apps.imports.reader.sniff import Look, look
from apps.imports.reader.source import header_of, must_be_whole, open_blocks, repeated_names

__all__ = [
    "BadLine",
    "Block",
    "FileFormat",
    "Limits",
    "Look",
    "ReadSettings",
    "header_of",
    "look",
    "must_be_whole",
    "open_blocks",
    "repeated_names",
]
