"""How a file is written: recognised first, corrected by a person where needed."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Self


class FileFormat(StrEnum):
    """What the bytes are."""

    DELIMITED = "delimited"
    SPACED = "spaced"  # columns stand apart by runs of spaces
    EXCEL = "excel"
    PARQUET = "parquet"


@dataclass(frozen=True)
class ReadSettings:
    """`date_order`: "" (only forms that need no order), "dmy" or "mdy". `decimal`: "." or ",". `sheet`: workbooks."""

    format: str = FileFormat.DELIMITED
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    has_header: bool = True
    skip_rows: int = 0
    decimal: str = "."
    date_order: str = ""
    is_gzip: bool = False
    sheet: str = ""
    time_zone: str = "UTC"
    country: str = ""
    currency: str = ""

    def as_json(self) -> dict[str, Any]:
        """For a JSON column."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Words that are no longer known are left out."""
        known = {item.name for item in fields(cls)}
        return cls(**{key: value for key, value in stored.items() if key in known})
