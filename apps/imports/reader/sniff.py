"""What a file is and how it is written, from its bytes and its first rows."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, cast

from django.utils.translation import gettext as _

from apps.core.refused import Refused
from apps.imports.reader.limits import MEGABYTE, Limits
from apps.imports.reader.settings import FileFormat, ReadSettings
from apps.imports.reader.values import date_order_of, decimal_of, looks_like_value
from apps.imports.reader.workbook import ZIP, as_columns, half_file, sheet_names

SAMPLE_BYTES = 512 * 1024
SAMPLE_ROWS = 200
DELIMITERS = (",", ";", "\t", "|")
GZIP, OLD_EXCEL, PARQUET = b"\x1f\x8b", b"\xd0\xcf\x11\xe0", b"PAR1"
# The first sign beyond ASCII may stand far down; so far it is looked for.
MOST_BYTES_TO_LOOK_AT = 1024 * MEGABYTE


@dataclass(frozen=True)
class Look:
    """`questions`: names of settings that the file does not tell; a person has to. `notes`: what was noticed."""

    settings: ReadSettings
    questions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def look(path: Path, limits: Limits | None = None) -> Look:
    """Recognise the file.

    Raises Refused: `empty_file`, `file_too_large`, `file_kind`, `zip_bomb`, `half_file`, `too_many_columns`.
    """
    limits = limits or Limits()
    size = path.stat().st_size
    if size == 0:
        raise Refused(_("The file is empty."), code="empty_file", field="file")
    if size > limits.megabytes * MEGABYTE:
        raise Refused(
            _("The file is too large: at most %(most)d MB.") % {"most": limits.megabytes},
            code="file_too_large",
            field="file",
        )
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(PARQUET):
        return _look_at_parquet(path)
    if head.startswith((ZIP, OLD_EXCEL)):
        return _look_at_workbook(path, limits)
    if head.startswith(GZIP):
        try:
            with gzip.open(path, "rb") as packed:
                return _look_at_text(cast(IO[bytes], packed), ReadSettings(is_gzip=True), limits)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise half_file() from error
    _refuse_other_kinds(head)
    with path.open("rb") as file:
        return _look_at_text(file, ReadSettings(), limits)


def _refuse_other_kinds(head: bytes) -> None:
    import filetype

    found = filetype.guess(head)
    if found is not None:
        message = _("This is not a table but a file of the kind %(kind)s, whatever its name says.")
        raise Refused(message % {"kind": found.mime}, code="file_kind", field="file")


def _look_at_parquet(path: Path) -> Look:
    with path.open("rb") as file:
        file.seek(-4, io.SEEK_END)
        if file.read() != PARQUET:
            raise half_file()
    return Look(ReadSettings(format=FileFormat.PARQUET))


def _look_at_workbook(path: Path, limits: Limits) -> Look:
    import polars as pl

    names = sheet_names(path, limits)
    settings = ReadSettings(format=FileFormat.EXCEL, sheet=names[0])
    head = pl.read_parquet(as_columns(path, names[0]), n_rows=SAMPLE_ROWS)
    rows = [list(row) for row in head.iter_rows()]
    if not any(any(row) for row in rows):
        raise Refused(_("The file has no rows."), code="empty_file", field="file")
    seen = look_at_rows(rows, settings, limits)
    if len(names) > 1:
        note = _("The workbook has %(count)d sheets; the first one is read.") % {"count": len(names)}
        seen = replace(seen, notes=(note,))
    return seen


def _look_at_text(stream: IO[bytes], settings: ReadSettings, limits: Limits) -> Look:
    sample = stream.read(SAMPLE_BYTES)
    encoding = _encoding_of(_telling(sample, stream))
    text = sample.decode(encoding, "replace").removeprefix("\ufeff")
    if encoding == "utf-8" and text.count("\0") > len(text) // 100:
        raise Refused(_("This file is not text. Send CSV, Excel or Parquet."), code="file_kind", field="file")
    if text.lstrip()[:1] == "<":
        raise Refused(_("This is a web page or XML, not a table."), code="file_kind", field="file")
    settings = replace(settings, encoding=encoding)
    # The last line of the sample may be cut in the middle.
    lines = text if len(sample) < SAMPLE_BYTES else text[: text.rfind("\n") + 1] or text
    settings, rows = _shape_of(lines, settings)
    if not any(any(cell.strip() for cell in row) for row in rows):
        raise Refused(_("The file has no rows."), code="empty_file", field="file")
    return look_at_rows(rows, settings, limits)


def look_at_rows(rows: list[list[str]], settings: ReadSettings, limits: Limits) -> Look:
    """Title lines, the row of names, decimal signs and the order of day and month."""
    filled = [len([cell for cell in row if cell.strip()]) for row in rows]
    width = Counter(count for count in filled[:50] if count).most_common(1)[0][0]
    widest = max(len(row) for row in rows)
    if widest > limits.columns:
        message = _("The file has %(count)d columns; at most %(most)d are read. Is the separator right?")
        raise Refused(message % {"count": widest, "most": limits.columns}, code="too_many_columns", field="file")
    skip = 0
    while settings.format != FileFormat.SPACED and skip < min(10, len(rows) - 2) and width > 1:
        if filled[skip] > 1:
            break
        skip += 1
    body = rows[skip:]
    has_header = not any(looks_like_value(cell) for cell in body[0]) and any(cell.strip() for cell in body[0])
    values = body[has_header:]
    columns = list(zip(*[row for row in values if len(row) == len(body[0])], strict=False))
    decimal = decimal_of(columns) or (settings.decimal if settings.delimiter != ";" else ",")
    order, is_open = date_order_of(columns)
    settings = replace(settings, skip_rows=skip, has_header=has_header, decimal=decimal, date_order=order)
    return Look(settings, questions=("date_order",) if is_open else ())


def _telling(sample: bytes, stream: IO[bytes]) -> bytes:
    """What tells the encoding: the first piece with more than ASCII; whole lines, where it has some."""
    piece, read = sample, len(sample)
    while piece.isascii() and read < MOST_BYTES_TO_LOOK_AT and (more := stream.read(4 * MEGABYTE)):
        piece, read = more, read + len(more)
    if piece is not sample:
        piece = piece[piece.find(b"\n") + 1 :]
    return piece[: piece.rfind(b"\n") + 1] or piece


def _encoding_of(sample: bytes) -> str:
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    head = sample[:4000]
    if len(head) > 3 and head[1::2].count(0) > len(head) // 4:
        return "utf-16-le"
    if len(head) > 3 and head[::2].count(0) > len(head) // 4:
        return "utf-16-be"
    return "utf-8" if is_mostly_utf8(sample) else "cp1252"


def is_mostly_utf8(content: bytes) -> bool:
    """Whether more signs beyond ASCII are valid UTF-8 than are not; the others are single damaged rows."""
    text = content.decode("utf-8", "replace")
    beyond = len(text) - len(text.encode("ascii", "ignore"))
    damaged = text.count("\ufffd") - content.count("\ufffd".encode())
    return damaged == 0 or damaged < (beyond - damaged)


def _shape_of(text: str, settings: ReadSettings) -> tuple[ReadSettings, list[list[str]]]:
    """The separator whose rows agree best about how many columns there are."""
    best: tuple[float, ReadSettings, list[list[str]]] | None = None
    for delimiter in DELIMITERS:
        tried = replace(settings, delimiter=delimiter)
        rows = _rows(text, delimiter)
        width, share = _agreement(rows)
        score = share * min(width, 30) if width > 1 else 0.0
        if best is None or score > best[0]:
            best = (score, tried, rows)
    spaced = [line.split() for line in text.splitlines()[:SAMPLE_ROWS] if line.strip()]
    width, share = _agreement(spaced)
    if best is None or (best[0] == 0 and width > 1 and share > 0.95):
        return replace(settings, format=FileFormat.SPACED, delimiter="\t", quote=""), spaced
    return best[1], best[2]


def _rows(text: str, delimiter: str) -> list[list[str]]:
    rows = []
    csv.field_size_limit(64 * MEGABYTE)
    for row in csv.reader(io.StringIO(text.replace("\r\n", "\n"), newline=""), delimiter=delimiter):
        rows.append(row)
        if len(rows) >= SAMPLE_ROWS:
            break
    return rows


def _agreement(rows: list[list[str]]) -> tuple[int, float]:
    widths = Counter(len(row) for row in rows if row)
    if not widths:
        return 0, 0.0
    width, count = widths.most_common(1)[0]
    return width, count / widths.total()
