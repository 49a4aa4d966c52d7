"""Home: my day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.console import queries
from apps.core.pages import render_page
from apps.feedback.models import Response

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LATEST = 6


@dataclass(frozen=True)
class QuickAction:
    """Something people often come for."""

    label: StrOrPromise
    icon: str
    url_name: str
    permission: Can


QUICK_ACTIONS = [
    QuickAction(gettext_lazy("New visit"), "clipboard-check", "customers:visit_new", Can.RECORD_VISITS),
    QuickAction(gettext_lazy("Find a customer"), "users", "customers:customer_list", Can.VIEW_CUSTOMERS),
    QuickAction(gettext_lazy("Invite a colleague"), "user-plus", "accounts:team", Can.MANAGE_TEAM),
]


@requires(Can.USE_APP)
def home(request: MemberRequest) -> HttpResponse:
    """What needs the member now, the numbers of the week, the latest answers."""
    now = timezone.now()
    sees_responses = request.member.can(Can.VIEW_RESPONSES)
    offered = [action for action in QUICK_ACTIONS if request.member.can(action.permission)]
    context = {
        "page_title": _greeting(timezone.localtime(now).hour) % {"name": request.user.get_short_name()},
        "actions": [(action, reverse(action.url_name)) for action in offered],
        "needs": queries.needs(request.member, now=now),
        "numbers": queries.week(request.member, today=now.astimezone(request.organization.zone).date())
        if sees_responses
        else [],
        "latest": list(
            Response.objects.owned_by(request.organization)
            .select_related("customer", "branch")
            .order_by("-submitted_at", "-id")[:LATEST]
        )
        if sees_responses
        else [],
        "sees_responses": sees_responses,
    }
    return render_page(request, "console/home.html", context, fragments=["day"])


def _greeting(hour: int) -> str:
    if hour < 12:
        return _("Good morning, %(name)s")
    return _("Good afternoon, %(name)s") if hour < 18 else _("Good evening, %(name)s")
