"""What other apps show on a customer's page: they register a panel at start-up, above needs nothing of below.

    panels.register(survey_panel, order=20)      # in AppConfig.ready()

    def survey_panel(customer: Customer, member: Membership) -> Panel | None:
        return Panel("feedback/_customer_panel.html", {"requests": …}) if member.can(Can.SEND_SURVEYS) else None

The template gets the context's values as `panel` and `csrf_token`, and stands beside the timeline. Panels arrive right
after the page itself, all of them in one answer: what they read holds nobody up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.accounts.models import Membership
from apps.customers.models import Customer


@dataclass(frozen=True)
class Panel:
    """A template and what it prints."""

    template: str
    context: Mapping[str, Any]


Builder = Callable[[Customer, Membership], Panel | None]
_builders: dict[Builder, int] = {}


def register(builder: Builder, *, order: int = 100) -> None:
    """Show this panel; None from the builder means that this member sees nothing."""
    _builders[builder] = order


def panels_for(customer: Customer, member: Membership) -> list[Panel]:
    """The panels of this customer's page, in their order."""
    ordered = sorted(_builders, key=_builders.__getitem__)
    return [panel for builder in ordered if (panel := builder(customer, member)) is not None]
