"""Settings: branches and the people in them, and the words beside the consent box."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.models import Membership
from apps.accounts.permissions import Can
from apps.core.components import Crumb
from apps.core.pages import render_page
from apps.customers import actions
from apps.customers.forms import BranchForm, NoticeForm, StaffForm
from apps.customers.models import Branch, Purpose, StaffMember


@requires(Can.MANAGE_BRANCHES)
def branch_list(request: MemberRequest) -> HttpResponse:
    """Every branch with its people."""
    people = list(StaffMember.objects.owned_by(request.organization).select_related("branch", "user").order_by("name"))
    branches = list(Branch.objects.owned_by(request.organization).order_by("-is_active", "name"))
    context = {
        "branches": [(branch, [person for person in people if person.branch_id == branch.pk]) for branch in branches],
        "elsewhere": [person for person in people if person.branch_id is None],
    }
    return render_page(request, "customers/branch_list.html", context)


@requires(Can.MANAGE_BRANCHES)
def branch_new(request: MemberRequest) -> HttpResponse:
    """Open a branch."""
    form = BranchForm(request.POST or None)
    if (
        form.is_valid()
        and form.apply(actions.create_branch, form.details(), organization=request.organization, by=request.member)
        is not None
    ):
        return redirect("customers:branch_list")
    return _form_page(request, form, _("New branch"))


@requires(Can.MANAGE_BRANCHES)
def branch_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """Rename, move."""
    branch = get_object_or_404(Branch.objects.owned_by(request.organization), pk=pk)
    initial = {"name": branch.name, "time_zone": branch.time_zone, "country": branch.country}
    form = BranchForm(request.POST or None, initial=initial)
    if form.is_valid() and form.apply(actions.update_branch, branch, form.details(), by=request.member) is not None:
        return redirect("customers:branch_list")
    return _form_page(request, form, branch.name)


@require_POST
@requires(Can.MANAGE_BRANCHES)
def branch_switch(request: MemberRequest, pk: int) -> HttpResponse:
    """Close an open branch, open a closed one."""
    branch = get_object_or_404(Branch.objects.owned_by(request.organization), pk=pk)
    if branch.is_active:
        actions.deactivate_branch(branch, by=request.member)
        messages.info(request, _("%(name)s is closed. Its visits stay.") % {"name": branch})
    else:
        actions.reopen_branch(branch, by=request.member)
        messages.info(request, _("%(name)s is open again.") % {"name": branch})
    return redirect("customers:branch_list")


@requires(Can.MANAGE_BRANCHES)
def staff_new(request: MemberRequest) -> HttpResponse:
    """Add somebody; `?branch=` says where."""
    form = StaffForm(
        request.POST or None,
        organization=request.organization,
        members=_members(request),
        initial={"branch": request.GET.get("branch", "")},
    )
    if (
        form.is_valid()
        and form.apply(
            actions.create_staff_member, form.details(), organization=request.organization, by=request.member
        )
        is not None
    ):
        return redirect("customers:branch_list")
    return _form_page(request, form, _("New staff member"))


@requires(Can.MANAGE_BRANCHES)
def staff_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """Rename, move to another branch, link to an account."""
    person = get_object_or_404(StaffMember.objects.owned_by(request.organization), pk=pk)
    form = StaffForm(
        request.POST or None,
        organization=request.organization,
        members=_members(request),
        initial={"name": person.name, "branch": person.branch_id, "account": person.user_id or ""},
    )
    if (
        form.is_valid()
        and form.apply(actions.update_staff_member, person, form.details(), by=request.member) is not None
    ):
        return redirect("customers:branch_list")
    return _form_page(request, form, person.name)


@require_POST
@requires(Can.MANAGE_BRANCHES)
def staff_switch(request: MemberRequest, pk: int) -> HttpResponse:
    """They left, or they are back."""
    person = get_object_or_404(StaffMember.objects.owned_by(request.organization), pk=pk)
    if person.is_active:
        actions.deactivate_staff_member(person, by=request.member)
    else:
        actions.reopen_staff_member(person, by=request.member)
    return redirect("customers:branch_list")


@requires(Can.MANAGE_SURVEYS)
def notice_edit(request: MemberRequest) -> HttpResponse:
    """Other words beside the consent box; what customers saw before stays as it was."""
    now = timezone.now()
    notice = actions.current_notice(request.organization, Purpose.SURVEY, "", now=now)
    form = NoticeForm(request.POST or None, initial={"text": notice.text})
    if (
        form.is_valid()
        and form.apply(
            actions.publish_notice,
            request.organization,
            purpose=Purpose.SURVEY,
            language=request.organization.language,
            text=form.cleaned_data["text"],
            by=request.member,
            now=now,
        )
        is not None
    ):
        messages.info(request, _("New visits show these words from now on."))
        return redirect("customers:notice_edit")
    context = {"form": form, "notice": notice}
    return render_page(request, "customers/notice_edit.html", context, status=form.answer_status)


def _form_page(request: MemberRequest, form: BranchForm | StaffForm, title: str) -> HttpResponse:
    crumbs = [Crumb(_("Branches and staff"), reverse("customers:branch_list")), Crumb(title)]
    context = {"form": form, "page_title": title, "crumbs": crumbs}
    return render_page(request, "customers/settings_form.html", context, status=form.answer_status)


def _members(request: MemberRequest) -> list[tuple[int, str]]:
    members = Membership.objects.owned_by(request.organization).active().select_related("user").order_by("user__name")
    return [(member.user_id, str(member.user)) for member in members]
