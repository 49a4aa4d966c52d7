"""The choices of places and languages, in words that people recognise."""

from __future__ import annotations

import zoneinfo
from functools import cache

from django.conf import settings
from django.utils.translation import gettext_lazy as _

CURRENCIES = [
    "EUR",
    "USD",
    "GBP",
    "CHF",
    "AUD",
    "CAD",
    "DKK",
    "INR",
    "JPY",
    "NOK",
    "NZD",
    "PLN",
    "SEK",
    "SGD",
    "TRY",
    "ZAR",
]
_NOT_PLACES = ("Etc/", "SystemV/", "US/", "posix/", "right/")


@cache
def time_zones() -> list[tuple[str, str]]:
    """Every zone named after a place, and UTC."""
    places = sorted(name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith(_NOT_PLACES))
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in places)]


def currencies() -> list[tuple[str, str]]:
    """Currencies by their code."""
    return [(code, code) for code in CURRENCIES]


def languages() -> list[tuple[str, str]]:
    """The languages of the product."""
    return [(code, str(name)) for code, name in settings.LANGUAGES]


def with_empty(choices: list[tuple[str, str]], label: str = "") -> list[tuple[str, str]]:
    """The same with an empty first choice."""
    return [("", label or str(_("Like the organisation"))), *choices]
