"""Amounts as people and programs read them."""

from __future__ import annotations

from decimal import Decimal

from django.utils import formats

# Currencies that have no hundredth (ISO 4217).
WHOLE = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"}


def plain(number: Decimal, least: int = 2) -> str:
    """For programs: a point, no grouping, no needless zeros but `least` places: `12.50`, `0.001`."""
    places = max(least, -int(number.normalize().as_tuple().exponent))
    return f"{number:.{places}f}"


def money(number: Decimal | None, currency: str) -> str:
    """For people, in their language, with the currency's code: `1,234.50 EUR`."""
    if number is None:
        return "–"
    least = 0 if currency in WHOLE else 2
    places = max(least, -int(number.normalize().as_tuple().exponent))
    return f"{formats.number_format(number, places, force_grouping=True)} {currency}".rstrip()


def quantity(number: Decimal) -> str:
    """For people: without needless zeros."""
    return str(formats.number_format(number, max(0, -int(number.normalize().as_tuple().exponent)), force_grouping=True))
