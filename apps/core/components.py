"""What views hand to the shared components: small frozen values, so that a template prints and never computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Crumb:
    """One step of the way to this page; the page itself has no url."""

    label: str
    url: str = ""


@dataclass(frozen=True)
class Column:
    """A column of `{% table %}`. `sort` None: it cannot be sorted; `url` is the list sorted by it the next way."""

    label: str
    align: Literal["start", "end"] = "start"
    sort: Literal["ascending", "descending", "none"] | None = None
    url: str = ""
    is_label_hidden: bool = False


@dataclass(frozen=True)
class Chip:
    """One filter that is on; `url` is the same list without it."""

    label: str
    url: str


@dataclass(frozen=True)
class Tab:
    """One tab; each is a page of its own, so that the back button and a bookmark work."""

    label: str
    url: str
    active: bool = False
    count: int | None = None


@dataclass(frozen=True)
class Trend:
    """How a number moved: what to print, which way it went, and whether that is good."""

    text: str
    direction: Literal["up", "down", "flat"]
    tone: Literal["good", "bad", "neutral"] = "neutral"

    @property
    def icon(self) -> str:
        """The arrow that goes with the direction."""
        return {"up": "arrow-up-right", "down": "arrow-down-right", "flat": "arrow-right"}[self.direction]


def sparkline_points(
    values: Sequence[float], *, width: float = 100, height: float = 28, margin: float = 3
) -> list[tuple[float, float]]:
    """Where the values stand in a box of `width` × `height`, the highest at the top; a flat line in the middle."""
    low, high = min(values), max(values)
    step = width / max(len(values) - 1, 1)
    room = height - 2 * margin

    def level(value: float) -> float:
        return height / 2 if high == low else margin + room * (1 - (value - low) / (high - low))

    return [(round(index * step, 1), round(level(value), 1)) for index, value in enumerate(values)]
