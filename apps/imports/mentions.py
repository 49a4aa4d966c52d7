"""Where a file speaks of somebody: in cells, however the number is written and the name is spread over columns."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from apps.core.personal_data import Subject
from apps.imports.models import ImportRun
from apps.imports.reader import ReadSettings, open_blocks

if TYPE_CHECKING:
    import polars as pl

# The fields of targets that hold a customer's number elsewhere; a number in any other column says nothing.
NUMBER_FIELDS = frozenset({"external_id", "person_id", "customer_id"})
# The end of a number is the same in every notation: +49 151 …, 0049151…, 0151 …
TELLING_DIGITS = 9
PHONE = r"^[+0-9 ().\-/]{9,24}$"


@dataclass(frozen=True)
class Mentions:
    """By what a customer is recognised in the cells of a table."""

    subject: Subject

    @cached_property
    def words(self) -> list[str]:
        """Whole cells that are theirs."""
        return sorted(_plain(word) for word in self.subject.emails | self.subject.names)

    @cached_property
    def endings(self) -> list[str]:
        """The last digits of their phone numbers."""
        digits = (re.sub(r"\D", "", phone) for phone in self.subject.phones)
        return sorted({each[-TELLING_DIGITS:] for each in digits if len(each) >= TELLING_DIGITS})

    def rows(self, frame: pl.DataFrame, numbered: list[str]) -> pl.Series:
        """For each row whether it speaks of them. `numbered`: the columns with customers' numbers."""
        import polars as pl

        names = [name for name in frame.columns if name != "row"]
        # An apostrophe keeps spreadsheets from calculating; it is not part of the value.
        cell = {name: pl.col(name).str.strip_chars(" '").str.to_lowercase() for name in names}
        tests = [each.is_in(self.words) for each in cell.values()]
        for one, other in itertools.pairwise(names):
            # First and last name in two columns, in either order.
            tests.append((cell[one] + " " + cell[other]).is_in(self.words))
            tests.append((cell[other] + " " + cell[one]).is_in(self.words))
        if self.endings:
            digits = {name: pl.col(name).str.replace_all(r"\D", "").str.tail(TELLING_DIGITS) for name in names}
            tests += [pl.col(name).str.contains(PHONE) & digits[name].is_in(self.endings) for name in names]
        numbers = [_plain(number) for number in self.subject.numbers]
        tests += [cell[name].is_in(numbers) for name in numbered if numbers and name in cell]
        return frame.select(pl.any_horizontal(tests).fill_null(False)).to_series()

    def values(self, values: Sequence[str]) -> list[bool]:
        """For each single value whether it is theirs."""
        import polars as pl

        return self.rows(pl.DataFrame({"c0": values}, schema={"c0": pl.String}), ["c0"]).to_list()

    def among(self, path: Path, settings: ReadSettings, mapping: Mapping[str, int]) -> Iterator[pl.DataFrame]:
        """The rows of a file that speak of them, block by block."""
        for block in open_blocks(path, settings):
            yield block.frame.filter(self.rows(block.frame, numbered_columns(mapping)))

    def in_file(self, run: ImportRun) -> bool:
        """Whether the uploaded file speaks of them, lines that could not be read included."""
        settings = ReadSettings.from_json(run.settings)
        for block in open_blocks(run.file, settings):
            parts = [part for line in block.bad_lines for part in line.parts]
            if self.rows(block.frame, numbered_columns(run.mapping)).any() or any(self.values(parts)):
                return True
        return False


def numbered_columns(mapping: Mapping[str, int]) -> list[str]:
    """The columns of a block that hold customers' numbers."""
    return [f"c{number}" for key, number in mapping.items() if key in NUMBER_FIELDS]


def _plain(text: str) -> str:
    return text.strip(" '").lower()
