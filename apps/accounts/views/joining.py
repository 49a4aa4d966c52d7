"""The page behind an invitation's link, and doors of allauth that stay closed."""

from __future__ import annotations

from typing import NoReturn

from allauth.account.utils import perform_login
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import actions, forms, queries
from apps.accounts.guards import public
from apps.accounts.models import Invitation, Membership
from apps.accounts.sessions import ORGANIZATION_KEY
from apps.core.middleware import client_ip
from apps.core.pages import render_page
from apps.core.ratelimit import limited
from apps.core.refused import Refused


@public("whoever holds the secret of an invitation may join; it is checked here")
@limited("invitation_ip", by=client_ip)
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Join: as oneself when there is an account with the address, else with a new one."""
    letter = queries.find_invitation(secret)
    if letter is None:
        raise Http404
    now = timezone.now()
    try:
        actions.refuse_dead(letter, now=now)
    except Refused as refused:
        return render_page(request, "accounts/invitation_dead.html", {"reason": refused.message}, status=410)
    if queries.account_exists(letter.email):
        return _join_as_oneself(request, letter)
    form = forms.NewcomerForm(request.POST or None)
    if form.is_valid() and (member := form.apply(actions.accept_as_newcomer, letter, now=now, **form.cleaned_data)):
        return _signed_in(request, member)
    context = {"invitation": letter, "form": form}
    return _private(render_page(request, "accounts/invitation_newcomer.html", context, status=form.answer_status))


def _join_as_oneself(request: HttpRequest, letter: Invitation) -> HttpResponse:
    form = forms.AcceptForm(request.POST if request.method == "POST" else None)
    user = request.user
    is_theirs = user.is_authenticated and user.email == letter.email
    if user.is_authenticated and form.is_valid():
        member = form.apply(actions.accept_invitation, letter, user=user, now=timezone.now())
        if member:
            request.session[ORGANIZATION_KEY] = member.organization_id
            messages.success(request, _("You now work for %(name)s.") % {"name": member.organization})
            return redirect("/")
    context = {"invitation": letter, "form": form, "is_theirs": is_theirs}
    return _private(render_page(request, "accounts/invitation_member.html", context, status=form.answer_status))


def _signed_in(request: HttpRequest, member: Membership) -> HttpResponse:
    request.session[ORGANIZATION_KEY] = member.organization_id
    response: HttpResponse = perform_login(request, member.user, email_verification="none", redirect_url="/")
    return response


def _private(response: HttpResponse) -> HttpResponse:
    # The address is a secret: it must reach neither a cache nor another server. (With "no-referrer" the browser would
    # send "Origin: null" along with the form, and the CSRF check would refuse it.)
    response["Cache-Control"], response["Referrer-Policy"] = "no-store", "same-origin"
    return response


@public("not a page: it answers 404")
def closed(request: HttpRequest, **_: object) -> NoReturn:
    """Doors of allauth that we do not open: addresses are changed by an administrator."""
    raise Http404
