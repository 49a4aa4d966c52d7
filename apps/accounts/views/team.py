"""Settings of the team: members, invitations, roles."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts import actions, forms, queries
from apps.accounts.guards import MemberRequest, requires
from apps.accounts.models import Invitation, Membership
from apps.accounts.permissions import Can, Role
from apps.core.components import Column
from apps.core.keyset import Keyset
from apps.core.pages import render_page
from apps.core.refused import Refused

MEMBERS = Keyset("id")


@requires(Can.VIEW_TEAM)
def team(request: MemberRequest) -> HttpResponse:
    """Who works here, who is invited, and the form that invites."""
    can_manage = request.member.can(Can.MANAGE_TEAM)
    form = forms.InviteForm(request.POST if can_manage and request.POST else None)
    now = timezone.now()
    if form.is_valid() and (
        sent := form.apply(actions.invite, request.organization, by=request.member, now=now, **form.cleaned_data)
    ):
        messages.success(request, _("The invitation to %(email)s is on its way.") % {"email": sent.email})
        return redirect("accounts:team")
    members = Membership.objects.owned_by(request.organization).select_related("user")
    try:
        page = MEMBERS.page(members, cursor=request.GET.get("cursor", ""))
    except Refused:
        return redirect("accounts:team")
    context = {
        "page_title": _("Team"),
        "form": form,
        "can_manage": can_manage,
        "page": page,
        "invitations": Invitation.objects.owned_by(request.organization).waiting().order_by("-id")[:200],
        "now": now,
        "member_columns": [Column(_("Person")), Column(_("Role")), Column(_("State")), Column(_("Since"))],
        "invitation_columns": [
            Column(_("E-mail")),
            Column(_("Role")),
            Column(_("Works until")),
            Column(_("Action"), align="end", is_label_hidden=True),
        ],
    }
    return render_page(request, "accounts/team.html", context, fragments=["members"], status=form.answer_status)


@requires(Can.MANAGE_TEAM)
def member_change(request: MemberRequest, pk: int) -> HttpResponse:
    """One member's role and whether they may work here."""
    people = Membership.objects.owned_by(request.organization).select_related("user")
    member = get_object_or_404(people, pk=pk)
    form = forms.RoleForm(request.POST or None, initial={"role": member.role})
    if form.is_valid() and form.apply(actions.change_role, member, by=request.member, **form.cleaned_data) is not None:
        messages.success(request, _("The role of %(name)s is changed.") % {"name": member.user})
        return redirect("accounts:team")
    return _member_page(request, member, form)


@require_POST
@requires(Can.MANAGE_TEAM)
def member_deactivate(request: MemberRequest, pk: int) -> HttpResponse:
    """Let a member in no longer."""
    member = get_object_or_404(Membership.objects.owned_by(request.organization), pk=pk)
    form = forms.RoleForm(initial={"role": member.role})
    try:
        actions.deactivate_member(member, by=request.member)
    except Refused as refused:
        return _member_page(request, member, form, refusal=refused.message)
    messages.success(request, _("%(name)s can no longer sign in here.") % {"name": member.user})
    return redirect("accounts:team")


@require_POST
@requires(Can.MANAGE_TEAM)
def member_reactivate(request: MemberRequest, pk: int) -> HttpResponse:
    """Let a former member in again."""
    member = get_object_or_404(Membership.objects.owned_by(request.organization), pk=pk)
    try:
        actions.reactivate_member(member, by=request.member)
    except Refused as refused:
        return _member_page(request, member, forms.RoleForm(initial={"role": member.role}), refusal=refused.message)
    messages.success(request, _("%(name)s can sign in here again.") % {"name": member.user})
    return redirect("accounts:team")


def _member_page(
    request: MemberRequest, member: Membership, form: forms.RoleForm, *, refusal: str = ""
) -> HttpResponse:
    context = {"page_title": str(member.user), "member": member, "form": form, "refusal": refusal}
    status = 409 if refusal else form.answer_status
    return render_page(request, "accounts/member_change.html", context, status=status)


@require_POST
@requires(Can.MANAGE_TEAM)
def invitation_resend(request: MemberRequest, pk: int) -> HttpResponse:
    """Send the letter anew, with a new link."""
    waiting = Invitation.objects.owned_by(request.organization).waiting()
    old = get_object_or_404(waiting, pk=pk)
    try:
        actions.invite(request.organization, email=old.email, role=old.role, by=request.member, now=timezone.now())
        messages.success(request, _("A new invitation to %(email)s is on its way.") % {"email": old.email})
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("accounts:team")


@require_POST
@requires(Can.MANAGE_TEAM)
def invitation_revoke(request: MemberRequest, pk: int) -> HttpResponse:
    """Take the letter back."""
    invitation = get_object_or_404(Invitation.objects.owned_by(request.organization), pk=pk)
    try:
        actions.revoke_invitation(invitation, by=request.member, now=timezone.now())
        messages.success(request, _("The link sent to %(email)s no longer works.") % {"email": invitation.email})
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("accounts:team")


@requires(Can.VIEW_TEAM)
def roles(request: MemberRequest) -> HttpResponse:
    """What each role may do, straight from the one table."""
    columns = [Column(_("May")), *(Column(str(role.label)) for role in Role)]
    context = {"page_title": _("Roles"), "columns": columns, "roles": list(Role), "permits": queries.role_table()}
    return render_page(request, "accounts/roles.html", context)
