"""Texts that mean a moment: the ways to write one, spreadsheets' serial numbers, and clocks that were changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.imports.reader import ReadSettings

if TYPE_CHECKING:
    import polars as pl

# Days since 1899-12-30 for the years 1950 to 2099.
FIRST_SERIAL, LAST_SERIAL = 18264, 73050


def read(given: pl.Series, settings: ReadSettings) -> pl.Series:
    """The moments in UTC; null where nothing was said and where nothing was understood."""
    likely, others = _by_example(given, settings)
    values = _nothing(len(given))
    values, left = _parsed(given, values, likely, settings)
    if left.any():
        values = values.scatter(left.arg_true(), _in_utc(_serials(given.filter(left)), settings, False))
        left = given.is_not_null() & values.is_null()
    if left.any():
        # Mostly what is no date at all: each writing is tried once.
        rest = given.filter(left)
        once = rest.unique()
        rare, _none = _parsed(once, _nothing(len(once)), others, settings)
        values = values.scatter(left.arg_true(), rest.replace_strict(once, rare, return_dtype=values.dtype))
    return values


def formats(date_order: str) -> list[tuple[str, bool]]:
    """(strptime format, whether it carries its own time zone), the usual ones first."""
    dates = ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y.%m.%d"]
    if date_order:
        parts = ("%d", "%m") if date_order == "dmy" else ("%m", "%d")
        for year in ("%Y", "%y"):
            dates += [sign.join((*parts, year)) for sign in (".", "/", "-")]
    dates += ["%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y"]
    found = []
    for date in dates:
        for gap in (" ", "T") if date[1] == "Y" else (" ",):
            for time in ("%H:%M:%S", "%H:%M", "%H:%M:%S%.f", "%I:%M %p", "%I:%M:%S %p"):
                found.append((f"{date}{gap}{time}", False))
        found.append((date, False))
        found += [(f"{date}T%H:%M:%S%#z", True), (f"{date}T%H:%M:%S%.f%#z", True), (f"{date} %H:%M:%S %z", True)]
    return found


def _nothing(height: int) -> pl.Series:
    import polars as pl

    return pl.Series([], dtype=pl.Datetime("us", "UTC")).extend_constant(None, height)


def _parsed(
    given: pl.Series, values: pl.Series, patterns: list[tuple[str, bool]], settings: ReadSettings
) -> tuple[pl.Series, pl.Series]:
    """The values with what these patterns understand, and where still nothing stands."""
    left = given.is_not_null() & values.is_null()
    for pattern, is_zoned in patterns:
        if not left.any():
            break
        rest = given.filter(left)
        parsed: pl.Series = rest.str.to_datetime(pattern, time_unit="us", strict=False)
        if parsed.null_count() < len(parsed):
            at = _in_utc(parsed, settings, is_zoned)
            values = at if len(rest) == len(given) else values.scatter(left.arg_true(), at)
            left = given.is_not_null() & values.is_null()
    return values, left


def _in_utc(parsed: pl.Series, settings: ReadSettings, is_zoned: bool) -> pl.Series:
    """An hour that the clock skipped or showed twice is taken as the earlier one."""
    if is_zoned:
        return parsed.dt.convert_time_zone("UTC")
    if settings.time_zone == "UTC":
        return parsed.dt.replace_time_zone("UTC")
    local = parsed.dt.replace_time_zone(settings.time_zone, ambiguous="earliest", non_existent="null")
    skipped = local.is_null() & parsed.is_not_null()
    if skipped.any():
        later = parsed.filter(skipped).dt.offset_by("1h").dt.replace_time_zone(settings.time_zone, ambiguous="earliest")
        local = local.scatter(skipped.arg_true(), later)
    return local.dt.convert_time_zone("UTC")


def _by_example(given: pl.Series, settings: ReadSettings) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """The forms that the first values have, the usual one first, so that one pass over a column is the rule; and all
    others."""
    example = given.drop_nulls().head(50)
    hits: dict[str, int] = {}
    known = formats(settings.date_order)
    for pattern, _zoned in known:
        parsed: pl.Series = example.str.to_datetime(pattern, time_unit="us", strict=False)
        hits[pattern] = len(parsed) - parsed.null_count()
    likely = sorted((each for each in known if hits[each[0]]), key=lambda each: -hits[each[0]])
    return likely, [each for each in known if not hits[each[0]]]


def _serials(given: pl.Series) -> pl.Series:
    """Spreadsheets count days since 1899-12-30."""
    import polars as pl

    days = given.cast(pl.Float64, strict=False)
    days = days.set(((days < FIRST_SERIAL) | (days > LAST_SERIAL)).fill_null(False), None)
    micros = ((days - 25569.0) * 86_400_000).round(0).cast(pl.Int64, strict=False) * 1000
    return micros.cast(pl.Datetime("us"))
