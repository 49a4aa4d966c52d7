"""What those who answer privacy requests see on a customer's page."""

from __future__ import annotations

from django.utils import timezone

from apps.accounts.models import Membership
from apps.accounts.permissions import Can
from apps.customers import privacy_queries
from apps.customers.models import Customer
from apps.customers.panels import Panel


def privacy_panel(customer: Customer, member: Membership) -> Panel | None:
    """Open requests, the restriction, and the way to a new request."""
    if not member.can(Can.HANDLE_PRIVACY):
        return None
    now = timezone.now()
    requests = [(row, row.is_overdue(now)) for row in privacy_queries.open_of(customer)]
    return Panel("customers/_privacy_panel.html", {"customer": customer, "requests": requests})
