"""Why a row was rejected, in one sentence for each code."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

SENTENCES = {
    "missing": noop("“%(label)s” must not be empty."),
    "too_long": noop("At most %(most)s characters."),
    "bad_number": noop("This is not a number."),
    "other_decimal_sign": noop("The decimal sign of this file is “%(decimal)s”; this number is written otherwise."),
    "not_whole": noop("This must be a whole number."),
    "too_small": noop("This must be at least %(minimum)s."),
    "too_large": noop("This must be at most %(maximum)s."),
    "number_too_long": noop("This number has too many digits."),
    "bad_date": noop("This is not a date in the calendar, or not written as the other dates of the file."),
    "ambiguous_date": noop("Is the day or the month first? Say so in the settings of the file."),
    "bad_boolean": noop("Write yes or no."),
    "bad_email": noop("This is not an e-mail address."),
    "bad_phone": noop("This is not a phone number. Begin it with + and the country."),
    "bad_choice": noop("Choose one of: %(choices)s."),
    "nothing_to_know_by": noop("The row has nothing to know it by: fill one of %(label)s."),
    "too_few_columns": noop("The row has fewer columns than the first row. Is it cut off?"),
    "too_many_columns": noop("The row has more columns than the first row. Is a separator not in quotes?"),
    "nul_character": noop("The row holds a NUL character, which no text has."),
    "bad_encoding": noop("The row holds signs of another encoding than the rest of the file."),
    "duplicate_key": noop("An earlier row of the file has the same key and says something else."),
    "no_such_order": noop("There is no order of this number. Import the orders first."),
    "no_such_customer": noop("There is no customer of this number. Import the customers first."),
    "held_identity": noop("Several customers are known by what the row says; a person has to decide."),
}


def sentence(code: str, label: str = "", **detail: Any) -> str:
    """The sentence of a code."""
    return _(SENTENCES[code]) % {"label": label, **detail}
