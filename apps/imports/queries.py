"""What pages and API show of imports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.accounts.models import Organization
from apps.core.keyset import Keyset, Page
from apps.imports import target
from apps.imports.checking import Checker
from apps.imports.mapping import is_error_file
from apps.imports.models import ImportRun
from apps.imports.reader import ReadSettings, open_blocks
from apps.imports.target import Field

PREVIEW_ROWS = 20
PREVIEW_BYTES = 64 * 1024


@dataclass(frozen=True)
class PreviewRow:
    """`number` in the file; `cells` as they will be stored; `problems` instead where the row is rejected."""

    number: int
    cells: list[str]
    problems: list[str]


@dataclass(frozen=True)
class Preview:
    """The first rows as they will be stored. `examples`: number of the column → a value of it."""

    labels: list[str]
    rows: list[PreviewRow]
    examples: dict[int, str]


def run_page(organization: Organization, *, cursor: str = "") -> Page[ImportRun]:
    """Imports, newest first. Raises Refused (`bad_cursor`)."""
    return Keyset("-id").page(ImportRun.objects.owned_by(organization).defer("columns"), cursor=cursor, size=25)


def preview(run: ImportRun) -> Preview:
    """Read, map and check the first rows. Raises Refused for a file that cannot be read so."""
    chosen = target.get(run.target)
    fields = chosen.fields_for(run.organization)
    settings = ReadSettings.from_json(run.settings)
    shown = [each for each in fields if each.key in run.mapping or each.key in run.constants]
    for block in open_blocks(run.file, settings, block_bytes=PREVIEW_BYTES):
        head = block.frame.head(PREVIEW_ROWS)
        checker = Checker(
            fields,
            {key: number for key, number in run.mapping.items() if f"c{number}" in head.columns},
            settings,
            constants=run.constants,
            needs_one_of=chosen.needs_one_of,
            carried_by=chosen.carried_by,
            is_escaped=is_error_file(run.columns),
        )
        good, bad = checker.check(head)
        rows = {row["row"]: _row(row, shown) for row in good.iter_rows(named=True)}
        for number, reasons in bad.items():
            rows[number] = PreviewRow(number, [], [f"{each.value}: {each.sentence}" for each in reasons])
        examples = {
            place: next((value for value in head[name] if value), "")[:60]
            for place, name in enumerate(column for column in head.columns if column != "row")
        }
        return Preview([str(each.label) for each in shown], [rows[number] for number in sorted(rows)], examples)
    return Preview([str(each.label) for each in shown], [], {})


def _row(row: dict[str, Any], shown: Sequence[Field]) -> PreviewRow:
    return PreviewRow(row["row"], [_words(row[each.key]) for each in shown], [])


def _words(value: Any) -> str:
    if value is None:
        return ""
    if hasattr(value, "tzinfo") and value.tzinfo is not None:
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    return str(value)
