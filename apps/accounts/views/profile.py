"""A person's own pages: profile, sessions, organisations."""

from __future__ import annotations

from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts import actions, forms, queries
from apps.accounts.guards import MemberRequest, requires
from apps.accounts.models import Membership
from apps.accounts.permissions import Can
from apps.accounts.sessions import ORGANIZATION_KEY
from apps.core.components import Column
from apps.core.pages import render_page


@requires(Can.USE_APP)
def profile(request: MemberRequest) -> HttpResponse:
    """Name, language, time zone; the ways of signing in; where one is signed in."""
    user = request.user
    shown = {"name": user.name, "language": user.language, "time_zone": user.time_zone}
    form = forms.ProfileForm(request.POST or None, initial=shown)
    if form.is_valid() and form.apply(actions.update_profile, user, by=request.member, **form.cleaned_data) is not None:
        messages.success(request, _("Your profile is saved."))
        return redirect("accounts:profile")
    now = timezone.now()
    context = {
        "page_title": _("Profile"),
        "form": form,
        "has_second_factor": is_mfa_enabled(user),
        "sessions": queries.sessions_of(user, current_key=request.session.session_key, now=now),
        "columns": [
            Column(_("Browser")),
            Column(_("Address")),
            Column(_("Since")),
            Column(_("Action"), align="end", is_label_hidden=True),
        ],
    }
    return render_page(request, "accounts/profile.html", context, status=form.answer_status)


@require_POST
@requires(Can.USE_APP)
def session_end(request: MemberRequest, pk: int) -> HttpResponse:
    """Sign one's own other browser out."""
    listed = get_object_or_404(UserSession, pk=pk, user=request.user)
    actions.end_session(listed, by=request.member)
    messages.success(request, _("That session is signed out."))
    return redirect("accounts:profile")


@requires(Can.USE_APP)
def organizations(request: MemberRequest) -> HttpResponse:
    """The organisations in which the person works."""
    context = {"page_title": _("Organisations"), "members": queries.organizations_of(request.user)}
    return render_page(request, "accounts/organizations.html", context)


@require_POST
@requires(Can.USE_APP)
def organization_switch(request: MemberRequest, pk: int) -> HttpResponse:
    """Work for another organisation from now on."""
    mine = Membership.objects.active().filter(user=request.user).select_related("organization", "user")
    member = actions.switch_organization(get_object_or_404(mine, organization__pk=pk), by=request.member)
    request.session[ORGANIZATION_KEY] = member.organization_id
    messages.success(request, _("You now work for %(name)s.") % {"name": member.organization})
    return redirect("/")
