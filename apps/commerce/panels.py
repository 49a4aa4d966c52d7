"""What commerce shows on a customer's page."""

from __future__ import annotations

from apps.accounts.models import Membership
from apps.accounts.permissions import Can
from apps.commerce import queries
from apps.customers.models import Customer
from apps.customers.panels import Panel


def orders_panel(customer: Customer, member: Membership) -> Panel | None:
    """How often and for how much they bought, and the last orders."""
    if not member.can(Can.VIEW_ORDERS):
        return None
    return Panel("commerce/_customer_panel.html", {"customer": customer, "orders": queries.orders_of(customer)})
