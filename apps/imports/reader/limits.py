"""How much a file may be. Beyond it the file is refused before a row is stored."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """`megabytes`: of the file; `unpacked_megabytes`: of what a compressed one becomes; `cell_characters`: of one value
    (also the length of a quoted text before it counts as never closed)."""

    megabytes: int = 4096
    unpacked_megabytes: int = 16384
    excel_unpacked_megabytes: int = 1024
    rows: int = 50_000_000
    columns: int = 1000
    ratio: int = 200
    cell_megabytes: int = 8
