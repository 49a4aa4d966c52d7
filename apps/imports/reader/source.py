"""One door to every kind of file: names of the columns, and blocks of text rows in constant memory."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, cast

from django.utils.translation import gettext as _

from apps.core.refused import Refused
from apps.imports.reader.blocks import BLOCK_BYTES, Block, text_blocks, utf8
from apps.imports.reader.limits import MEGABYTE, Limits
from apps.imports.reader.settings import FileFormat, ReadSettings
from apps.imports.reader.sniff import half_file, zip_bomb

if TYPE_CHECKING:
    import polars as pl

ROWS_PER_BLOCK = 200_000
HEAD_BYTES = 8 * MEGABYTE


def header_of(path: Path, settings: ReadSettings, limits: Limits | None = None) -> list[str]:
    """The columns' names, each once: a repeated name gets a number. Raises Refused (`too_many_columns`, …)."""
    limits = limits or Limits()
    names = _raw_header(path, settings)
    if len(names) > limits.columns:
        message = _("The file has %(count)d columns; at most %(most)d are read. Is the separator right?")
        raise Refused(message % {"count": len(names), "most": limits.columns}, code="too_many_columns", field="file")
    seen: dict[str, int] = {}
    unique = []
    for number, name in enumerate(names, start=1):
        name = " ".join(name.split())[:100] or _("Column %(number)d") % {"number": number}
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return unique


def repeated_names(path: Path, settings: ReadSettings) -> list[str]:
    """Names that more than one column has."""
    names = [name.strip() for name in _raw_header(path, settings)] if settings.has_header else []
    return sorted({name for name in names if name and names.count(name) > 1})


def open_blocks(
    path: Path, settings: ReadSettings, limits: Limits | None = None, *, block_bytes: int = BLOCK_BYTES
) -> Iterator[Block]:
    """The file's rows as text. Raises Refused amid a file whose end is missing or that has too many rows."""
    limits = limits or Limits()
    if settings.format == FileFormat.EXCEL:
        blocks: Iterator[Block] = _frame_blocks(_excel_frame(path, settings), settings)
    elif settings.format == FileFormat.PARQUET:
        blocks = _parquet_blocks(path)
    else:
        blocks = _text_blocks(path, settings, limits, block_bytes)
    rows = 0
    for block in blocks:
        rows += block.frame.height
        if rows > limits.rows:
            message = _("The file has more than %(most)d rows. Split it.")
            raise Refused(message % {"most": limits.rows}, code="too_many_rows", field="file")
        yield block


def total_bytes(path: Path, settings: ReadSettings) -> int:
    """By what `Block.bytes_read` is a share; 0 where nobody knows (compressed files)."""
    return 0 if settings.is_gzip else path.stat().st_size


def _text_blocks(path: Path, settings: ReadSettings, limits: Limits, block_bytes: int) -> Iterator[Block]:
    width = len(_raw_header(path, settings))
    try:
        with _opened(path, settings, limits) as stream:
            yield from text_blocks(stream, settings, width, limits, block_bytes)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise half_file() from error


def _opened(path: Path, settings: ReadSettings, limits: Limits) -> IO[bytes]:
    if not settings.is_gzip:
        return path.open("rb")
    most = min(limits.unpacked_megabytes * MEGABYTE, path.stat().st_size * limits.ratio + 64 * MEGABYTE)
    return io.BufferedReader(_Measured(cast(IO[bytes], gzip.open(path, "rb")), most))


class _Measured(io.RawIOBase):
    """A compressed stream that refuses to become larger than it may."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self.stream, self.left = stream, most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        """What the base class asks of a reader."""
        piece = self.stream.read(len(buffer))  # type: ignore[arg-type]
        self.left -= len(piece)
        if self.left < 0:
            raise zip_bomb()
        buffer[: len(piece)] = piece  # type: ignore[index]
        return len(piece)

    def close(self) -> None:
        self.stream.close()
        super().close()


def _raw_header(path: Path, settings: ReadSettings) -> list[str]:
    if settings.format == FileFormat.PARQUET:
        import polars as pl

        try:
            return pl.scan_parquet(path, glob=False).collect_schema().names()
        except pl.exceptions.PolarsError as error:
            raise half_file() from error
    if settings.format == FileFormat.EXCEL:
        import fastexcel

        sheet = fastexcel.read_excel(path).load_sheet(settings.sheet or 0, header_row=None, n_rows=1, dtypes="string")
        row = sheet.to_polars().row(0) if sheet.height else ()
        return ["" if cell is None else cell for cell in row]
    import csv

    with _opened(path, settings, Limits()) as stream:
        head = next(utf8(stream, settings.encoding, HEAD_BYTES), b"")
    text = head.decode("utf-8", "replace").replace("\r\n", "\n")
    if settings.format == FileFormat.SPACED:
        parts = text.splitlines()[settings.skip_rows].split() if text.strip() else []
        return parts if settings.has_header else [""] * len(parts)
    csv.field_size_limit(64 * MEGABYTE)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if settings.quote else csv.QUOTE_NONE
    records = csv.reader(
        io.StringIO(text, newline=""), delimiter=settings.delimiter, quotechar=settings.quote or None, quoting=quoting
    )
    for number, record in enumerate(records):
        if number == settings.skip_rows:
            return record if settings.has_header else [""] * len(record)
    return []


def _excel_frame(path: Path, settings: ReadSettings) -> pl.DataFrame:
    import fastexcel

    try:
        sheet = fastexcel.read_excel(path).load_sheet(
            settings.sheet or 0,
            header_row=None,
            skip_rows=settings.skip_rows + settings.has_header,
            dtypes="string",
        )
        return sheet.to_polars()
    except fastexcel.FastExcelError as error:
        raise half_file() from error


def _frame_blocks(frame: pl.DataFrame, settings: ReadSettings) -> Iterator[Block]:
    import polars as pl

    frame = frame.rename({name: f"c{number}" for number, name in enumerate(frame.columns)})
    frame = frame.with_row_index("row", settings.skip_rows + 2).cast({"row": pl.Int64})
    cells = pl.all().exclude("row")
    frame = frame.with_columns(cells.cast(pl.String).fill_null(""))
    frame = frame.filter(pl.any_horizontal(cells != "")) if frame.width > 1 else frame
    for number, start in enumerate(range(0, frame.height, ROWS_PER_BLOCK)):
        yield Block(number, frame.slice(start, ROWS_PER_BLOCK))


def _parquet_blocks(path: Path) -> Iterator[Block]:
    import polars as pl

    try:
        lazy = pl.scan_parquet(path, glob=False)
        height = lazy.select(pl.len()).collect().item()
        for number, start in enumerate(range(0, height, ROWS_PER_BLOCK)):
            part = lazy.slice(start, ROWS_PER_BLOCK).collect()
            part = part.select(
                pl.Series(f"c{place}", _as_text(part[name])) for place, name in enumerate(part.columns)
            ).fill_null("")
            yield Block(number, part.with_row_index("row", start + 2).cast({"row": pl.Int64}))
    except pl.exceptions.PolarsError as error:
        raise half_file() from error


def _as_text(column: pl.Series) -> pl.Series:
    import polars as pl

    if isinstance(column.dtype, pl.Datetime):
        return column.dt.to_string("%Y-%m-%dT%H:%M:%S%.6f" + ("%:z" if column.dtype.time_zone else ""))
    return column.cast(pl.String, strict=False)
