"""Workbooks: read once and kept as columns of text, because a sheet can only be read whole."""

from __future__ import annotations

import os
import secrets
import zipfile
from pathlib import Path

from django.utils.translation import gettext as _

from apps.core.refused import Refused
from apps.imports.reader.limits import MEGABYTE, Limits

ZIP = b"PK\x03\x04"


def half_file() -> Refused:
    """The end of the file is missing."""
    return Refused(_("The file is damaged or its end is missing. Send it again."), code="half_file", field="file")


def zip_bomb() -> Refused:
    """A small file that unpacks into a huge one."""
    message = _("The file unpacks into far more than a table of its size would. It is not read.")
    return Refused(message, code="zip_bomb", field="file")


def sheet_names(path: Path, limits: Limits) -> list[str]:
    """Names of the sheets. Raises Refused (`half_file`, `zip_bomb`, `file_kind`, `empty_file`)."""
    import fastexcel

    with path.open("rb") as file:
        is_zip = file.read(4) == ZIP
    if is_zip:
        try:
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
        except zipfile.BadZipFile as error:
            raise half_file() from error
        unpacked = sum(member.file_size for member in members)
        packed = max(1, path.stat().st_size)
        if unpacked > limits.excel_unpacked_megabytes * MEGABYTE or unpacked / packed > limits.ratio:
            raise zip_bomb()
        if not any(member.filename.startswith("xl/workbook.") for member in members):
            message = _("This is a ZIP archive and no workbook. Unpack it and send the table inside.")
            raise Refused(message, code="file_kind", field="file")
    try:
        names = fastexcel.read_excel(path).sheet_names
    except fastexcel.FastExcelError as error:
        raise half_file() from error
    if not names:
        raise Refused(_("The workbook has no sheet."), code="empty_file", field="file")
    return list(names)


def as_columns(path: Path, sheet: str) -> Path:
    """The sheet as a Parquet file of text beside the workbook (`c0`, `c1`, …); written by the first who asks.

    Raises Refused (`half_file`).
    """
    import fastexcel
    import polars as pl

    kept = columns_beside(path)
    if kept.exists():
        return kept
    try:
        frame = fastexcel.read_excel(path).load_sheet(sheet or 0, header_row=None, dtypes="string").to_polars()
    except fastexcel.FastExcelError as error:
        raise half_file() from error
    frame = frame.select(pl.col(name).fill_null("").alias(f"c{place}") for place, name in enumerate(frame.columns))
    whole = kept.with_name(f"{kept.name}.{secrets.token_hex(4)}")
    frame.write_parquet(whole, compression="lz4")
    # Two at once write the same; nobody ever sees a half of it.
    os.replace(whole, kept)
    return kept


def columns_beside(path: Path) -> Path:
    """Where the columns of a workbook lie."""
    return path.with_name(f"{path.name}.columns")
