"""The file of rejected rows: the row as it was, then where and why. Corrected and uploaded it completes the import."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from apps.imports.target import Rejection

COLUMNS = ("_row", "_column", "_value", "_code", "_reason", "_import")
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def harmless(value: str) -> str:
    """The value so that no spreadsheet takes it for a formula."""
    return f"'{value}" if value.startswith(DANGEROUS) else value


class ErrorFile:
    """Written while the import runs; without a rejected row there is no file."""

    def __init__(self, path: Path, names: Sequence[str], run_id: int) -> None:
        self.path, self.names, self.run_id = path, list(names), run_id
        self.count = 0
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, cells: Sequence[str], reasons: Sequence[Rejection], labels: dict[str, str]) -> None:
        """One rejected row. Several reasons stand in one line, so that nobody imports the row twice."""
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", encoding="utf-8-sig", newline="")
            csv.writer(self._file).writerow([*(name for name in self.names if name not in COLUMNS), *COLUMNS])
        kept = [cell for name, cell in zip(self.names, cells, strict=False) if name not in COLUMNS]
        kept += [""] * (len([name for name in self.names if name not in COLUMNS]) - len(kept))
        self.count += 1
        csv.writer(self._file).writerow(
            [
                *map(harmless, kept),
                reasons[0].row,
                harmless("; ".join(dict.fromkeys(labels.get(each.field, each.field) for each in reasons))),
                harmless("; ".join(dict.fromkeys(each.value for each in reasons))),
                "; ".join(dict.fromkeys(each.code for each in reasons)),
                " ".join(dict.fromkeys(each.sentence for each in reasons)),
                self.run_id,
            ]
        )
