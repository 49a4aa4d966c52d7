"""Delimited text in blocks: cut between records (never inside quotes), read by polars, by hand where it balks."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Literal

from django.utils.translation import gettext as _

from apps.core.refused import Refused
from apps.imports.reader.limits import MEGABYTE, Limits
from apps.imports.reader.settings import FileFormat, ReadSettings

if TYPE_CHECKING:
    import polars as pl

BLOCK_BYTES = 8 * MEGABYTE
REPLACEMENT = "\ufffd"


@dataclass(frozen=True)
class BadLine:
    """A record that is no row: its number in the file, its parts as far as they could be told, and why."""

    row: int
    parts: list[str]
    code: str


@dataclass(frozen=True)
class Block:
    """Rows as text, columns `c0`, `c1`, …, and `row`; `bytes_read`: how far into the file it goes."""

    number: int
    frame: pl.DataFrame
    bad_lines: list[BadLine] = field(default_factory=list)
    bytes_read: int = 0


def text_blocks(
    stream: IO[bytes],
    settings: ReadSettings,
    width: int,
    limits: Limits,
    block_bytes: int = BLOCK_BYTES,
    *,
    position: Callable[[], int],
) -> Iterator[Block]:
    """Blocks of a delimited file from its first data row on. `row` 1 is the row of column names. `position`: how far
    into the file it was read."""
    row = settings.skip_rows + settings.has_header
    for number, content in enumerate(
        _cut(utf8(stream, settings.encoding, min(4 * MEGABYTE, block_bytes)), settings, limits, block_bytes)
    ):
        if number == 0:
            content = _without_first_records(content, settings)
        frame, bad_lines, records = _parse(content, settings, width, row)
        row += records
        yield Block(number, frame, bad_lines, position())


def utf8(stream: IO[bytes], encoding: str, size: int = 4 * MEGABYTE) -> Iterator[bytes]:
    """The bytes of the stream as UTF-8, without a byte order mark. Invalid UTF-8 passes: its rows are found later."""
    first = True
    decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)("replace")
    while piece := stream.read(size):
        if decoder is not None:
            piece = decoder.decode(piece).encode()
        if first:
            piece, first = piece.removeprefix(b"\xef\xbb\xbf"), False
        if piece:
            yield piece


def _cut(pieces: Iterator[bytes], settings: ReadSettings, limits: Limits, block_bytes: int) -> Iterator[bytes]:
    quote = settings.quote.encode()
    rest = bytearray()
    wanted = block_bytes
    for piece in pieces:
        rest += piece
        if len(rest) < wanted:
            continue
        end = _last_record_end(rest, quote)
        if end == 0:
            wanted = len(rest) + block_bytes
            if len(rest) > block_bytes + limits.cell_megabytes * MEGABYTE * 4:
                raise _never_closed()
            continue
        yield bytes(rest[:end])
        del rest[:end]
        wanted = block_bytes
    if rest.strip(b"\r\n"):
        yield bytes(rest)


def _last_record_end(content: bytearray, quote: bytes) -> int:
    """Behind the last line break that stands outside of quotes; 0 when there is none."""
    end = content.rfind(b"\n") + 1
    if not quote or quote not in content:
        return end
    is_open = content.count(quote, 0, end) % 2 == 1
    while end > 0 and is_open:
        # Outside again before the quote that opened.
        before = content.rfind(quote, 0, end)
        end = content.rfind(b"\n", 0, before) + 1
        is_open = content.count(quote, 0, end) % 2 == 1
    return end


def _without_first_records(content: bytes, settings: ReadSettings) -> bytes:
    for _number in range(settings.skip_rows + settings.has_header):
        position = 0
        while True:
            end = content.find(b"\n", position) + 1
            if end == 0:
                return b""
            if not settings.quote or content.count(settings.quote.encode(), 0, end) % 2 == 0:
                break
            position = end
        content = content[end:]
    return content


def _parse(content: bytes, settings: ReadSettings, width: int, row: int) -> tuple[pl.DataFrame, list[BadLine], int]:
    """The rows, the records that are none, and how many records there were; `row` is the number of the one before."""
    import polars as pl

    content = content.replace(b"\r\n", b"\n").rstrip(b"\r\n")
    if settings.format == FileFormat.SPACED:
        content = re.sub(rb"[ \t]+", settings.delimiter.encode(), re.sub(rb"(?m)^[ \t]+|[ \t]+$", b"", content))
    schema = {f"c{number}": pl.String for number in range(width)}
    if content and _is_regular(content, settings, width):
        try:
            frame = pl.read_csv(
                content,
                has_header=False,
                schema=schema,
                separator=settings.delimiter,
                quote_char=settings.quote or None,
                empty_string_is_null=False,
                glob=False,
            )
        except (pl.exceptions.PolarsError, UnicodeDecodeError):
            pass
        else:
            return frame.with_row_index("row", row + 1).cast({"row": pl.Int64}), [], frame.height
    return _parse_by_hand(content, settings, width, row)


def _is_regular(content: bytes, settings: ReadSettings, width: int) -> bool:
    """Whether every record can have the right number of columns: polars fills a short one silently."""
    if b"\0" in content:
        return False
    quote = settings.quote.encode()
    if quote and quote in content:
        # Every second piece between quotes lies outside of them.
        content = b"".join(content.split(quote)[::2])
    return content.count(settings.delimiter.encode()) == (content.count(b"\n") + 1) * (width - 1)


def _parse_by_hand(
    content: bytes, settings: ReadSettings, width: int, row: int
) -> tuple[pl.DataFrame, list[BadLine], int]:
    import polars as pl

    text = content.decode("utf-8", "replace")
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if settings.quote else csv.QUOTE_NONE
    records = csv.reader(
        io.StringIO(text, newline=""), delimiter=settings.delimiter, quotechar=settings.quote or None, quoting=quoting
    )
    rows: list[list[str]] = []
    numbers: list[int] = []
    bad: list[BadLine] = []
    count = 0
    csv.field_size_limit(64 * MEGABYTE)
    for count, parts in enumerate(records, start=1):
        code = _trouble(parts, width)
        if code:
            bad.append(BadLine(row + count, parts, code))
        elif any(parts):
            rows.append(parts)
            numbers.append(row + count)
    frame = pl.DataFrame(rows, schema={f"c{number}": pl.String for number in range(width)}, orient="row")
    return frame.insert_column(0, pl.Series("row", numbers, dtype=pl.Int64)), bad, count


def _trouble(parts: list[str], width: int) -> str:
    if not any(parts):
        return ""
    if any("\0" in part for part in parts):
        return "nul_character"
    if any(REPLACEMENT in part for part in parts):
        return "bad_encoding"
    if len(parts) > width:
        return "too_many_columns"
    return "too_few_columns" if len(parts) < width else ""


def _never_closed() -> Refused:
    message = _("A quotation mark is opened and never closed. Is the file complete, and is the quotation mark right?")
    return Refused(message, code="quote_not_closed", field="file")
