"""One column of text into one typed column; beside it a code where a value is none.

Each converter tries the fast way for the whole column first and looks only at what is left with the slow ways.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from apps.imports import moments
from apps.imports.reader import ReadSettings
from apps.imports.target import Field, Kind

if TYPE_CHECKING:
    import polars as pl

Converted = tuple["pl.Series", "pl.Series | None"]

NOTHING = ("null", "NULL", "None", "NaN", "nan", "N/A", "n/a", "#N/A", "\\N")
SIGNS = r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
EMAIL = (
    r"^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$"
)
YES = ("yes", "y", "true", "t", "1", "ja", "j", "wahr", "oui", "vrai", "si", "sí", "sim", "x", "on")
NO = ("no", "n", "false", "f", "0", "nein", "falsch", "non", "faux", "não", "nao", "off")
EARLIEST_YEAR, LATEST_YEAR = 1900, 2200


def convert(text: pl.Series, field: Field, settings: ReadSettings) -> Converted:
    """The typed values (null where empty or wrong) and the codes (null where right), or None when all are right."""
    import polars as pl

    text = text.str.strip_chars(" \t\u00a0\r\n")
    if field.kind != Kind.TEXT:
        text = text.replace(list(NOTHING), [""] * len(NOTHING)) if text.is_in(list(NOTHING)).any() else text
    is_empty = text == ""
    some_empty = bool(is_empty.any())
    given = text.set(is_empty, None) if some_empty else text
    values, codes = _CONVERTERS[field.kind](given, field, settings)
    if field.is_required and some_empty:
        codes = codes if codes is not None else pl.Series([None] * len(text), dtype=pl.String)
        codes = codes.set(is_empty, "missing")
    return values, codes


def empty(field: Field, height: int) -> pl.Series:
    """A column of nothing of the field's type."""
    import polars as pl

    types: dict[Kind, pl.DataType] = {
        Kind.INTEGER: pl.Int64(),
        Kind.DECIMAL: pl.Decimal(18, field.places),
        Kind.DATE: pl.Date(),
        Kind.DATETIME: pl.Datetime("us", "UTC"),
        Kind.BOOLEAN: pl.Boolean(),
    }
    return pl.Series([], dtype=types.get(field.kind, pl.String())).extend_constant(None, height)


def _codes(given: pl.Series, values: pl.Series, code: str) -> pl.Series | None:
    """The code wherever something was said and nothing understood."""
    import polars as pl

    if given.null_count() == values.null_count():
        return None
    wrong = given.is_not_null() & values.is_null()
    return pl.Series([None] * len(given), dtype=pl.String).set(wrong, code)


def _with(codes: pl.Series | None, wrong: pl.Series, code: str) -> pl.Series | None:
    import polars as pl

    wrong = wrong.fill_null(False)
    if not wrong.any():
        return codes
    codes = codes if codes is not None else pl.Series([None] * len(wrong), dtype=pl.String)
    return codes.set(wrong & codes.is_null(), code)


def _text(given: pl.Series, field: Field, settings: ReadSettings) -> Converted:
    if given.str.contains(SIGNS).any():
        given = given.str.replace_all(SIGNS, " ").str.replace_all(r"\s+", " ").str.strip_chars()
    if given.str.starts_with("'").any():
        # Shops keep spreadsheets from rounding long numbers by this sign.
        given = given.str.replace(r"^'(\d+)$", "$1")
    return given, _with(None, given.str.len_chars() > field.max_length, "too_long")


def _email(given: pl.Series, field: Field, settings: ReadSettings) -> Converted:
    lower = given.str.to_lowercase()
    codes = _with(None, ~lower.str.contains(EMAIL) | (lower.str.len_chars() > 254), "bad_email")
    return lower, codes


def _phone(given: pl.Series, field: Field, settings: ReadSettings) -> Converted:
    import phonenumbers
    import polars as pl

    known: dict[str, str | None] = {}
    for written in given.drop_nulls().unique():
        try:
            number = phonenumbers.parse(written, settings.country.upper() or None)
            is_valid = phonenumbers.is_valid_number(number)
            known[written] = (
                phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if is_valid else None
            )
        except phonenumbers.NumberParseException:
            known[written] = None
    values = given.replace_strict(known, default=None, return_dtype=pl.String) if known else given
    return values, _codes(given, values, "bad_phone")


def _choice(given: pl.Series, field: Field, settings: ReadSettings) -> Converted:
    import polars as pl

    words = {written.lower(): stored for written, stored in field.choices.items()}
    words |= {stored.lower(): stored for stored in field.choices.values()}
    values = given.str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.String)
    return values, _codes(given, values, "bad_choice")


def _boolean(given: pl.Series, field: Field, settings: ReadSettings) -> Converted:
    import polars as pl

    words = dict.fromkeys(YES, True) | dict.fromkeys(NO, False)
    values = given.str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.Boolean)
    return values, _codes(given, values, "bad_boolean")


def plain_numbers(given: pl.Series, decimal: str) -> tuple[pl.Series, pl.Series]:
    """Numbers with "." as decimal sign and nothing else; and which of them contradict the file's decimal sign."""
    bare = given.str.replace_all(r"[\s\u00a0\u202f'$€£¥%]|[A-Z]{3}$|^[A-Z]{3}|R\$", "")
    bare = bare.str.replace(r"^\((.*)\)$", "-$1").str.replace(r"^(.*\d)-$", "-$1").str.strip_prefix("+")
    thousands = "," if decimal == "." else "."
    t, d = "\\" + thousands, "\\" + decimal
    right = bare.str.contains(rf"^-?(\d{{1,3}}({t}\d{{3}})+|\d*)({d}\d*)?$") & bare.str.contains(r"\d")
    other = bare.str.contains(rf"^-?(\d{{1,3}}({d}\d{{3}})+|\d+)({t}\d+)$") | bare.str.contains(
        rf"^-?\d{{1,3}}({d}\d{{3}}){{2,}}$"
    )
    plain = bare.str.replace_all(thousands, "", literal=True).str.replace(decimal, ".", literal=True)
    return plain.set(~right.fill_null(False), None), other & ~right


def _decimal(given: pl.Series, field: Field, settings: ReadSettings) -> Converted:
    import polars as pl

    wide = pl.Decimal(27, field.places + 6)
    if settings.decimal == ".":
        numbers = given.cast(wide, strict=False)
    else:
        numbers = given.str.replace(r"[.,]", "x").cast(wide, strict=False)
    codes = None
    if numbers.null_count() > given.null_count():
        left = given.is_not_null() & numbers.is_null()
        plain, other = plain_numbers(given.filter(left), settings.decimal)
        rescued = plain.cast(wide, strict=False)
        numbers = numbers.scatter(left.arg_true(), rescued)
        codes = _codes(given, numbers, "bad_number")
        if codes is not None and other.any():
            codes = codes.scatter(left.arg_true().filter(other.fill_null(False)), "other_decimal_sign")
    values = numbers.round(field.places, mode="half_away_from_zero").cast(pl.Decimal(18, field.places), strict=False)
    if values.null_count() > numbers.null_count():
        codes = _with(codes, values.is_null() & numbers.is_not_null(), "number_too_long")
    return values, _within(values, field, codes)


def _integer(given: pl.Series, field: Field, settings: ReadSettings) -> Converted:
    import polars as pl

    values = given.cast(pl.Int64, strict=False)
    codes = None
    if values.null_count() > given.null_count():
        left = given.is_not_null() & values.is_null()
        plain, _other = plain_numbers(given.filter(left), settings.decimal)
        numbers = plain.cast(pl.Float64, strict=False)
        whole = numbers.set((numbers != numbers.floor()).fill_null(False), None).cast(pl.Int64, strict=False)
        values = values.scatter(left.arg_true(), whole)
        codes = _codes(given, values, "bad_number")
        fraction = (numbers.is_not_null() & whole.is_null()).fill_null(False)
        if codes is not None and fraction.any():
            codes = codes.scatter(left.arg_true().filter(fraction), "not_whole")
    return values, _within(values, field, codes)


def _within(values: pl.Series, field: Field, codes: pl.Series | None) -> pl.Series | None:
    if field.minimum is not None:
        codes = _with(codes, values < field.minimum, "too_small")
    if field.maximum is not None:
        codes = _with(codes, values > field.maximum, "too_large")
    return codes


def _datetime(given: pl.Series, field: Field, settings: ReadSettings) -> Converted:
    values = moments.read(given, settings)
    codes = _codes(given, values, "bad_date")
    if codes is not None and not settings.date_order:
        unclear = given.str.contains(r"^\d{1,2}[./-]\d{1,2}[./-]\d{2,4}") & codes.is_not_null()
        codes = codes.set(unclear.fill_null(False), "ambiguous_date")
    years = values.dt.year()
    return values, _with(codes, (years < EARLIEST_YEAR) | (years > LATEST_YEAR), "bad_date")


def _date(given: pl.Series, field: Field, settings: ReadSettings) -> Converted:
    values, codes = _datetime(given, field, replace(settings, time_zone="UTC"))
    return values.dt.date(), codes


_CONVERTERS: dict[Kind, Callable[[pl.Series, Field, ReadSettings], Converted]] = {
    Kind.TEXT: _text,
    Kind.EMAIL: _email,
    Kind.PHONE: _phone,
    Kind.CHOICE: _choice,
    Kind.BOOLEAN: _boolean,
    Kind.DECIMAL: _decimal,
    Kind.INTEGER: _integer,
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
}
