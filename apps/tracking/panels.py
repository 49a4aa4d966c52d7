"""What tracking shows on a customer's page."""

from __future__ import annotations

from apps.accounts.models import Membership
from apps.accounts.permissions import Can
from apps.customers.models import Customer
from apps.customers.panels import Panel
from apps.tracking import queries


def events_panel(customer: Customer, member: Membership) -> Panel | None:
    """The last events on websites and in products, and how many there were."""
    if not member.can(Can.VIEW_EVENTS):
        return None
    activity = queries.activity_of(customer)
    return Panel("tracking/_customer_panel.html", {"customer": customer, "activity": activity})
