"""The one way in which a rule says no."""

from __future__ import annotations


class Refused(Exception):
    """An action did not happen, and the person may know why.

    Args:
        message: a sentence for the person, translated.
        code: a stable word for programs, e.g. `already_used`.
        field: the form field beside which the sentence belongs, if one is to blame.
    """

    def __init__(self, message: str, *, code: str, field: str | None = None) -> None:
        super().__init__(str(message))
        self.message = str(message)
        self.code = code
        self.field = field
