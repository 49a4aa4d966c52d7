"""Search from anywhere as data: each app says at start-up how it finds its own things.

    search.register(find_orders, order=30)      # in AppConfig.ready()

    def find_orders(member: Membership, text: str) -> list[Hit]:
        return [Hit("Order 1001", "Ada Lovelace · 12.00 €", "/orders/7/", "shopping-cart")] if member.can(…) else []

A provider decides what the member may see, answers while somebody types (a few milliseconds, at most `MOST_HITS`
hits), and never fails for strange text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MOST_HITS = 8
LONGEST_TEXT = 100


@dataclass(frozen=True)
class Hit:
    """One thing found: its name, what stands beside it, its page, its icon."""

    label: str
    detail: str
    url: str
    icon: str


# The first argument is a membership, a word of `accounts`, which stands above.
Provider = Callable[[Any, str], list[Hit]]
_providers: dict[Provider, int] = {}


def register(provider: Provider, *, order: int = 100) -> None:
    """Ask this provider too; call it in `AppConfig.ready()`. The hits of a lower order stand first."""
    _providers[provider] = order


def find(member: Any, text: str) -> list[Hit]:
    """What every provider found for this member."""
    text = text.strip()[:LONGEST_TEXT]
    if not text:
        return []
    ordered = sorted(_providers, key=_providers.__getitem__)
    return [hit for provider in ordered for hit in provider(member, text)[:MOST_HITS]]
