"""Questions on their way: the list, one request, send, send again, take back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.core.components import Column, Crumb
from apps.core.pages import render_page
from apps.core.refused import Refused
from apps.customers.models import Customer
from apps.feedback import actions, queries
from apps.feedback.forms import RequestFilterForm
from apps.feedback.models import RequestState, Response, SurveyRequest
from apps.feedback.views.responses import chips, with_cursor
from apps.forms.models import LinkState
from apps.messaging.queries import history


@dataclass(frozen=True)
class RequestRow:
    """What the list prints."""

    request: SurveyRequest
    state: RequestState


@requires(Can.SEND_SURVEYS)
def request_list(request: MemberRequest) -> HttpResponse:
    """All requests, newest first; filters live in the address."""
    now = timezone.now()
    form = RequestFilterForm(request.GET, organization=request.organization)
    try:
        found = queries.requests(request.organization, form.filters(), now=now)
        page = queries.NEWEST_REQUESTS.page(found, cursor=request.GET.get("cursor", ""))
    except Refused:
        return redirect(request.path)
    context = {
        "form": form,
        "columns": [
            Column(_("Customer")),
            Column(_("State")),
            Column(_("Mail")),
            Column(_("Reminders")),
            Column(_("Asked")),
        ],
        "rows": [RequestRow(row, row.state(now)) for row in page.rows],
        "chips": chips(form),
        "newer_url": with_cursor(request, page.previous_cursor),
        "older_url": with_cursor(request, page.next_cursor),
    }
    return render_page(request, "feedback/request_list.html", context, fragments=["rows"])


@requires(Can.SEND_SURVEYS)
def request_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """One request: its link's life, its mails, and what can be done with it."""
    survey = _request(request, pk)
    now = timezone.now()
    state = survey.state(now)
    context = {
        "survey": survey,
        "state": state,
        "is_live": survey.link.state(now) is LinkState.LIVE,
        "is_answered": state == RequestState.ANSWERED,
        "response": Response.objects.filter(request=survey).first(),
        "history": history(survey.reference, request.organization) if request.member.can(Can.VIEW_DELIVERIES) else [],
        "crumbs": [Crumb(_("Surveys sent"), reverse("feedback:request_list")), Crumb(str(survey.customer))],
        "page_title": _("Survey to %(name)s") % {"name": survey.customer},
    }
    return render_page(request, "feedback/request_detail.html", context)


@require_POST
@requires(Can.SEND_SURVEYS)
def request_revoke(request: MemberRequest, pk: int) -> HttpResponse:
    """Take the link back."""
    survey = _request(request, pk)
    _do(request, _("The link no longer works."), actions.revoke, survey)
    return redirect("feedback:request_detail", pk)


@require_POST
@requires(Can.SEND_SURVEYS)
def request_resend(request: MemberRequest, pk: int) -> HttpResponse:
    """Send the mail once more."""
    survey = _request(request, pk)
    _do(request, _("The mail leaves once more."), actions.resend, survey)
    return redirect("feedback:request_detail", pk)


@require_POST
@requires(Can.SEND_SURVEYS)
def survey_send(request: MemberRequest, customer_id: int) -> HttpResponse:
    """Ask a customer, from their page."""
    customer = get_object_or_404(Customer.objects.owned_by(request.organization), pk=customer_id)
    sent = _("The survey is on its way to %(address)s.") % {"address": customer.email}
    _do(request, sent, actions.request_survey, customer)
    return redirect("customers:customer_detail", customer_id)


def _do(request: MemberRequest, done: str, action: Callable[..., object], thing: SurveyRequest | Customer) -> None:
    """Do it as the signed-in person; the next page says that it is done, or why not."""
    try:
        action(thing, by=request.member, now=timezone.now())
        messages.info(request, done)
    except Refused as refused:
        messages.warning(request, refused.message)


def _request(request: MemberRequest, pk: int) -> SurveyRequest:
    found = SurveyRequest.objects.owned_by(request.organization).select_related(
        "link", "customer", "branch", "staff_member", "organization"
    )
    return get_object_or_404(found, pk=pk)
