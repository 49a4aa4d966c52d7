"""What feedback shows on a customer's page."""

from __future__ import annotations

from django.utils import timezone

from apps.accounts.models import Membership
from apps.accounts.permissions import Can
from apps.customers.models import Customer
from apps.customers.panels import Panel
from apps.feedback import actions
from apps.feedback.models import Response, SurveyRequest


def feedback_panel(customer: Customer, member: Membership) -> Panel | None:
    """The last answers, the request that waits, and the button that asks."""
    if not member.can(Can.VIEW_RESPONSES):
        return None
    now = timezone.now()
    records = customer.member_ids
    may_send = member.can(Can.SEND_SURVEYS)
    waiting = SurveyRequest.objects.filter(customer__in=records).live(now).select_related("link")
    context = {
        "customer": customer,
        "responses": Response.objects.filter(customer__in=records).order_by("-submitted_at", "-id")[:3],
        "waiting": waiting.order_by("-requested_at").first() if may_send else None,
        "may_send": may_send,
        "may_be_asked": may_send and actions.may_be_asked(customer),
    }
    return Panel("feedback/_customer_panel.html", context)
