"""What a customer may answer: the one check behind the page and the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from apps.feedback.models import LONGEST_COMMENT

# A form key is a word that we made; anything else is as good as none.
LONGEST_FORM_KEY = 64


@dataclass(frozen=True)
class Answer:
    """A checked answer. `form_key` is the key of the form that it was typed into, or empty."""

    stars: int
    comment: str
    form_key: str


class InvalidAnswer(Exception):
    """Field name → sentence for the person."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(str(errors))
        self.errors = dict(errors)


def check(stars: Any, comment: Any, form_key: Any = "") -> Answer:
    """The answer as it will be stored. Raises InvalidAnswer.

    `stars` is a number from 1 to 5, or its digit. The comment is counted in code points after line breaks became one
    character each, as the counter on the page counts.
    """
    errors = {}
    number = _stars(stars)
    if number is None:
        errors["stars"] = _("Choose one to five stars.")
    text = normalised(comment)
    if text is None:
        errors["comment"] = _("Write the comment as text.")
    elif "\x00" in text:
        errors["comment"] = _("The comment holds a character that cannot be stored. Remove it.")
    elif len(text) > LONGEST_COMMENT:
        errors["comment"] = _("The comment has %(length)d characters; up to %(limit)d fit. Shorten it.") % {
            "length": len(text),
            "limit": LONGEST_COMMENT,
        }
    if errors or number is None or text is None:
        raise InvalidAnswer(errors)
    is_key = isinstance(form_key, str) and form_key.isascii() and form_key.isprintable()
    return Answer(number, text, form_key if is_key and len(form_key) <= LONGEST_FORM_KEY else "")


def normalised(comment: Any) -> str | None:
    """The comment with single line breaks and without space around it; None when it is no text."""
    if comment is None:
        return ""
    if not isinstance(comment, str):
        return None
    try:
        comment.encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair, as JSON may carry: no database stores it.
        return None
    return comment.replace("\r\n", "\n").replace("\r", "\n").strip()


def _stars(value: Any) -> int | None:
    if isinstance(value, str) and len(value) == 1 and value in "12345":
        return int(value)
    return value if type(value) is int and 1 <= value <= 5 else None
