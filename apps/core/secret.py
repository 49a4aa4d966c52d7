"""A text that does not show itself."""

from __future__ import annotations


class Secret(str):
    """A string whose `repr` (tracebacks, debuggers, lists in logs) hides it; `str` and formatting give the text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret('•••')" if self else "Secret('')"
