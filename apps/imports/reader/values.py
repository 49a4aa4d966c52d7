"""What single values look like: numbers with their decimal sign, dates with their order, addresses."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NUMBER = re.compile(r"^[\s$€£¥]*[+-]?[\d.,' \u00a0]*\d[\s%$€£¥]*$")
_DATE = re.compile(r"^(\d{1,2})([./-])(\d{1,2})\2(\d{2}|\d{4})(?:[ T].*)?$")
_ISO_DATE = re.compile(r"^\d{4}-?\d{2}-?\d{2}")
_BOTH = re.compile(r"\d([.,])\d{3}(?:\1\d{3})*([.,])\d+$")
_ONE = re.compile(r"\d([.,])(\d+)$")


def looks_like_value(cell: str) -> bool:
    """Whether a cell is a value (a number, a date, an address) and so no column's name."""
    cell = cell.strip()
    return bool(cell) and bool(_NUMBER.match(cell) or _DATE.match(cell) or _ISO_DATE.match(cell) or "@" in cell)


def decimal_of(columns: Sequence[Sequence[str]]) -> str:
    """The decimal sign that the numbers speak for, or "" when none does."""
    votes = {".": 0, ",": 0}
    for column in columns:
        for cell in column:
            cell = cell.strip(" \u00a0$€£¥%")
            if not cell or not _NUMBER.match(cell) or _DATE.match(cell):
                continue
            both = _BOTH.search(cell)
            if both and both[1] != both[2]:
                votes[both[2]] += 2
                continue
            one = _ONE.search(cell)
            # Three digits behind the only sign may be thousands.
            if one and len(one[2]) != 3 and cell.count(one[1]) == 1:
                votes[one[1]] += 1
    if votes["."] == votes[","]:
        return ""
    return max(votes, key=lambda sign: votes[sign])


def date_order_of(columns: Sequence[Sequence[str]]) -> tuple[str, bool]:
    """("dmy" or "mdy" or "", whether a person has to say)."""
    day_first = month_first = dotted = seen = 0
    for column in columns:
        for cell in column:
            match = _DATE.match(cell.strip())
            if match is None:
                continue
            seen += 1
            dotted += match[2] == "."
            day_first += int(match[1]) > 12
            month_first += int(match[3]) > 12
    if day_first or month_first:
        return ("dmy" if day_first >= month_first else "mdy"), False
    if dotted:
        return "dmy", False
    return "", seen > 0
