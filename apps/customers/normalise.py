"""One way to write each thing by which a customer is known."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from apps.core.refused import Refused

# Characters that turn the direction of what follows: with them a name can disguise what stands beside it.
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
_PHONE_SIGNS = re.compile(r"[+\d\s()./-]+")
MAX_TERMS = 12


def one_line(text: str) -> str:
    """The text on one line: no control characters, no direction overrides, single spaces."""
    shown = _DIRECTION.sub("", unicodedata.normalize("NFC", text))
    shown = "".join(" " if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign for sign in shown)
    return " ".join(shown.split())


def name_key(name: str) -> str:
    """By what two names of a branch or a person are the same: without regard to case and width."""
    return unicodedata.normalize("NFKC", one_line(name)).casefold()


def email(address: str) -> str:
    """The address in lower case, or "". Raises Refused (`bad_email`)."""
    address = one_line(address).lower()
    if not address:
        return ""
    try:
        validate_email(address)
    except ValidationError as error:
        raise Refused(
            _("This is not an e-mail address. It looks like name@example.com."), code="bad_email", field="email"
        ) from error
    if len(address) > 254:
        raise Refused(_("This e-mail address is too long."), code="bad_email", field="email")
    return address


def mobile(number: str, *, country: str) -> str:
    """The number as E.164 (`+4915123456789`), or "". `country`: two letters, for numbers written without one.

    Raises Refused (`bad_mobile`).
    """
    number = one_line(number)
    if not number:
        return ""
    try:
        parsed = phonenumbers.parse(number, country.upper() or None)
    except phonenumbers.NumberParseException as error:
        raise _bad_mobile(country) from error
    if not phonenumbers.is_valid_number(parsed):
        raise _bad_mobile(country)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _bad_mobile(country: str) -> Refused:
    if country:
        words = _("This is not a phone number. Check the digits, or begin with + and the country.")
    else:
        words = _("Begin the number with + and the country, for example +49 151 23456789.")
    return Refused(words, code="bad_mobile", field="mobile")


def words_of(text: str) -> list[str]:
    """What somebody types as search terms: words without accents and case; a phone number as one run of digits."""
    text = one_line(text)[:200]
    digits = re.sub(r"\D", "", text)
    if len(digits) >= 3 and _PHONE_SIGNS.fullmatch(text):
        return [digits.removeprefix("00") or digits]
    return [word for word in (_plain(word) for word in text.split()) if word][:6]


def terms_of(name: str, email_address: str, e164: str) -> list[str]:
    """Every term by whose beginning a customer of this name, address and number is found."""
    words = [word for word in map(_plain, name.split()) if word]
    # "O'Brien-Meyer" is also found by its parts.
    parts = [part for word in words for part in re.split(r"[^\w]+", word) if part != word]
    # The whole name is a term of its own: "anna mül" is then one range of the index.
    whole = [" ".join(words[:6])] if len(words) > 1 else []
    certain = [*whole, *([email_address] if email_address else []), *number_terms(e164)]
    # A name of a hundred words must not fill the table; address and number must not be lost.
    return unique([*certain, *words[:MAX_TERMS], *parts[:MAX_TERMS]])


def number_terms(e164: str) -> list[str]:
    """The ways to write a number, as digits."""
    if not e164:
        return []
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return [re.sub(r"\D", "", e164)]
    national = re.sub(r"\D", "", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL))
    return [e164[1:], national, phonenumbers.national_significant_number(number)]


def value_terms(value: str) -> list[str]:
    """The terms of an id in another system or of a field: as a whole, and word by word."""
    words = [word for word in map(_plain, one_line(value).split()) if word][:MAX_TERMS]
    return unique([" ".join(words), *words])


def unique(terms: list[str]) -> list[str]:
    """Each term once, none longer than its column, none empty."""
    return list(dict.fromkeys(term[:254].rstrip() for term in terms if term.strip()))


def _plain(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign)).strip("\"'.,;:()<>")
