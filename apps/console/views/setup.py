"""The set-up: organisation, first administrator, branches, sender, a test mail.

The first two steps are open to anybody while there is no organisation, and then never again. The others belong to
the administrator who has just been made, until they finish.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from allauth.account.utils import perform_login
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from apps.accounts import actions as accounts
from apps.accounts import queries
from apps.accounts.forms import SenderForm
from apps.accounts.guards import MemberRequest, public, requires
from apps.accounts.permissions import Can
from apps.console import actions, forms
from apps.core.middleware import client_ip
from apps.core.pages import render_page
from apps.core.ratelimit import limited
from apps.core.refused import Refused

TYPED = "setup_organization"
UNFINISHED = "setup_unfinished"
STEPS = [
    gettext_lazy("Organisation"),
    gettext_lazy("You"),
    gettext_lazy("Branches"),
    gettext_lazy("Sender"),
    gettext_lazy("Test mail"),
]


def while_unfinished(view: Callable[[MemberRequest], HttpResponse]) -> Callable[[MemberRequest], HttpResponse]:
    """404 for everybody but the administrator who is in the middle of the set-up."""

    @wraps(view)
    def guarded(request: MemberRequest) -> HttpResponse:
        if not request.session.get(UNFINISHED):
            raise Http404
        return view(request)

    return guarded


@public("there is nobody yet who could be asked for permission; closed once there is an organisation")
@limited("setup_ip", by=client_ip)
def setup(request: HttpRequest) -> HttpResponse:
    """Step 1: the organisation. Nothing is stored yet but in the visitor's session."""
    if queries.is_set_up():
        raise Http404
    form = forms.FirstOrganizationForm(request.POST or None, initial=request.session.get(TYPED))
    if form.is_valid():
        request.session[TYPED] = form.cleaned_data
        return redirect("console:setup_admin")
    return _step(request, 0, {"form": form, "status": form.answer_status})


@public("there is nobody yet who could be asked for permission; closed once there is an organisation")
@limited("setup_ip", by=client_ip)
def setup_admin(request: HttpRequest) -> HttpResponse:
    """Step 2: the first administrator. Organisation and administrator are made together."""
    if queries.is_set_up():
        raise Http404
    organization = forms.FirstOrganizationForm(request.session.get(TYPED))
    if not organization.is_valid():
        return redirect("console:setup")
    form = forms.FirstAdminForm(request.POST or None)
    if form.is_valid() and (member := form.apply(actions.set_up, organization.details(), **form.cleaned_data)):
        request.session.pop(TYPED)
        request.session[UNFINISHED] = True
        response: HttpResponse = perform_login(
            request, member.user, email_verification="none", redirect_url="/setup/branches/"
        )
        return response
    return _step(request, 1, {"form": form, "back": "console:setup", "status": form.answer_status})


@requires(Can.MANAGE_ORGANIZATION)
@while_unfinished
def setup_branches(request: MemberRequest) -> HttpResponse:
    """Step 3: where customers are served."""
    form = forms.BranchesForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        names = form.cleaned_data["names"]
        if form.apply(actions.open_branches, names, organization=request.organization, by=request.member) is not None:
            return redirect("console:setup_sender")
    return _step(request, 2, {"form": form, "skip": "console:setup_sender", "status": form.answer_status})


@requires(Can.MANAGE_ORGANIZATION)
@while_unfinished
def setup_sender(request: MemberRequest) -> HttpResponse:
    """Step 4: who stands as sender on mails."""
    shown, by = request.organization, request.member
    form = SenderForm(
        request.POST or None,
        initial={"name": shown.sender_name or shown.name, "email": shown.sender_email or request.user.email},
    )
    if form.is_valid() and form.apply(accounts.update_sender, shown, by=by, **form.cleaned_data) is not None:
        return redirect("console:setup_test")
    return _step(request, 3, {"form": form, "skip": "console:setup_test", "status": form.answer_status})


@requires(Can.MANAGE_ORGANIZATION)
@while_unfinished
def setup_test(request: MemberRequest) -> HttpResponse:
    """Step 5: send me a test mail, and what came of it."""
    context: dict[str, object] = {"status": 200}
    if request.method == "POST":
        try:
            context["sent_to"] = actions.send_test_mail(by=request.member)
        except Refused as refused:
            context |= {"refusal": refused.message, "status": 409}
    return _step(request, 4, context)


@require_POST
@requires(Can.MANAGE_ORGANIZATION)
@while_unfinished
def setup_finish(request: MemberRequest) -> HttpResponse:
    """Close the set-up behind the administrator."""
    del request.session[UNFINISHED]
    messages.success(request, _("Everything is ready."))
    return redirect("console:home")


def _step(request: HttpRequest, number: int, context: dict[str, object]) -> HttpResponse:
    status = context.pop("status", 200)
    assert isinstance(status, int)
    context |= {"steps": STEPS, "step": number, "page_title": STEPS[number]}
    return render_page(request, "console/setup.html", context, status=status)
