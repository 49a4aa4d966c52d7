"""One door to every kind of file: names of the columns, and blocks of text rows in constant memory."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, cast

from django.utils.translation import gettext as _

from apps.core.refused import Refused
from apps.imports.reader.blocks import BLOCK_BYTES, Block, text_blocks, utf8
from apps.imports.reader.limits import MEGABYTE, Limits
from apps.imports.reader.settings import FileFormat, ReadSettings
from apps.imports.reader.workbook import as_columns, half_file, zip_bomb

if TYPE_CHECKING:
    import polars as pl

# About as wide as a row of text is; parts of a Parquet file are measured by it.
BYTES_OF_A_ROW = 80
FIRST_BYTES, HEAD_BYTES = 64 * 1024, 8 * MEGABYTE


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
        blocks = _sheet_blocks(path, settings, block_bytes)
    elif settings.format == FileFormat.PARQUET:
        blocks = _parquet_blocks(path, block_bytes)
    else:
        blocks = _text_blocks(path, settings, limits, block_bytes)
    rows = 0
    for block in blocks:
        rows += block.frame.height
        if rows > limits.rows:
            raise _too_many_rows(limits)
        yield block


def must_be_whole(path: Path, settings: ReadSettings, limits: Limits | None = None) -> None:
    """Go once through the bytes before a row is stored, so that no half of a file gets in.

    Raises Refused (`half_file`, `zip_bomb`, `too_many_rows`).
    """
    limits = limits or Limits()
    if settings.format not in (FileFormat.DELIMITED, FileFormat.SPACED):
        return
    lines = 0
    try:
        with path.open("rb") as raw, _unpacked(raw, path, settings, limits) as stream:
            while piece := stream.read(4 * MEGABYTE):
                lines += piece.count(b"\n")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise half_file() from error
    if lines > limits.rows + settings.skip_rows + 1:
        raise _too_many_rows(limits)


def _too_many_rows(limits: Limits) -> Refused:
    message = _("The file has more than %(most)d rows. Split it.")
    return Refused(message % {"most": limits.rows}, code="too_many_rows", field="file")


def _text_blocks(path: Path, settings: ReadSettings, limits: Limits, block_bytes: int) -> Iterator[Block]:
    width = len(_raw_header(path, settings))
    try:
        with path.open("rb") as raw, _unpacked(raw, path, settings, limits) as stream:
            yield from text_blocks(stream, settings, width, limits, block_bytes, position=raw.tell)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise half_file() from error


def _unpacked(raw: IO[bytes], path: Path, settings: ReadSettings, limits: Limits) -> IO[bytes]:
    if not settings.is_gzip:
        return raw
    most = min(limits.unpacked_megabytes * MEGABYTE, path.stat().st_size * limits.ratio + 64 * MEGABYTE)
    return io.BufferedReader(_Measured(cast(IO[bytes], gzip.GzipFile(fileobj=raw)), most))


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
        import polars as pl

        lazy = pl.scan_parquet(as_columns(path, settings.sheet), glob=False)
        rows = lazy.slice(settings.skip_rows, 1).collect().rows()
        return [cell if settings.has_header else "" for cell in rows[0]] if rows else []
    for size in (FIRST_BYTES, HEAD_BYTES):
        with path.open("rb") as raw, _unpacked(raw, path, settings, Limits()) as stream:
            head = next(utf8(stream, settings.encoding, size), b"")
        records = _first_records(head, settings)
        # Behind the row of names something has begun, so it is whole.
        if len(records) > settings.skip_rows + 1:
            break
    record = records[settings.skip_rows] if len(records) > settings.skip_rows else []
    return record if settings.has_header else [""] * len(record)


def _first_records(head: bytes, settings: ReadSettings) -> list[list[str]]:
    """The title lines, the row of names and the one after it, as far as they are there."""
    text = head.decode("utf-8", "replace").replace("\r\n", "\n")
    if settings.format == FileFormat.SPACED:
        return [line.split() for line in text.splitlines()[: settings.skip_rows + 2]]
    csv.field_size_limit(64 * MEGABYTE)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if settings.quote else csv.QUOTE_NONE
    records = csv.reader(
        io.StringIO(text, newline=""), delimiter=settings.delimiter, quotechar=settings.quote or None, quoting=quoting
    )
    return list(itertools.islice(records, settings.skip_rows + 2))


def _sheet_blocks(path: Path, settings: ReadSettings, block_bytes: int) -> Iterator[Block]:
    import polars as pl

    first = settings.skip_rows + settings.has_header
    size = path.stat().st_size
    for block in _parquet_blocks(as_columns(path, settings.sheet), block_bytes, first=first, named=0, size=size):
        # People leave lines empty.
        frame = block.frame.filter(pl.any_horizontal(pl.all().exclude("row") != ""))
        yield Block(block.number, frame, bytes_read=block.bytes_read)


def _parquet_blocks(path: Path, block_bytes: int, *, first: int = 0, named: int = 1, size: int = 0) -> Iterator[Block]:
    """`first`: rows to leave out at the beginning; `named`: 1 where the names stand beside the rows and count as row 1;
    `size`: of the file that `bytes_read` is a share of."""
    import polars as pl

    size = size or path.stat().st_size
    at_once = max(1000, block_bytes // BYTES_OF_A_ROW)
    try:
        lazy = pl.scan_parquet(path, glob=False)
        height = lazy.select(pl.len()).collect().item()
        for number, start in enumerate(range(first, height, at_once)):
            part = lazy.slice(start, at_once).collect()
            part = part.select(
                pl.Series(f"c{place}", _as_text(part[name])) for place, name in enumerate(part.columns)
            ).fill_null("")
            part = part.with_row_index("row", start + named + 1).cast({"row": pl.Int64})
            yield Block(number, part, bytes_read=size * (start + part.height) // max(1, height))
    except pl.exceptions.PolarsError as error:
        raise half_file() from error


def _as_text(column: pl.Series) -> pl.Series:
    import polars as pl

    if isinstance(column.dtype, pl.Datetime):
        return column.dt.to_string("%Y-%m-%dT%H:%M:%S%.6f" + ("%:z" if column.dtype.time_zone else ""))
    return column.cast(pl.String, strict=False)
