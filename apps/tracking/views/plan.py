"""The tracking plan and the settings of tracking."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.core.components import Column, Crumb
from apps.core.pages import render_page
from apps.tracking import actions
from apps.tracking.forms import PlanEventForm, TrackingSettingsForm
from apps.tracking.models import PlanEvent


@requires(Can.MANAGE_TRACKING)
def plan(request: MemberRequest) -> HttpResponse:
    """The planned events, and how events are taken in."""
    settings = actions.settings_of(request.organization)
    form = TrackingSettingsForm(request.POST or None, initial=TrackingSettingsForm.values_of(settings))
    if (
        form.is_valid()
        and form.apply(actions.save_settings, request.organization, form.details(), by=request.member) is not None
    ):
        messages.info(request, _("The settings are saved."))
        return redirect("tracking:plan")
    context = {
        "page_title": _("Tracking plan"),
        "form": form,
        "events": PlanEvent.objects.owned_by(request.organization).order_by("type", "name"),
        "columns": [
            Column(_("Event")),
            Column(_("What it means")),
            Column(_("When it does not fit")),
            Column(_("Timeline")),
        ],
    }
    return render_page(request, "tracking/plan.html", context, status=form.answer_status)


@requires(Can.MANAGE_TRACKING)
def plan_event_new(request: MemberRequest) -> HttpResponse:
    """Add an event to the plan; `?name=` fills its name in."""
    form = PlanEventForm(request.POST or None, initial={"name": request.GET.get("name", "")})
    return _edit(request, form, None)


@requires(Can.MANAGE_TRACKING)
def plan_event_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """Change an event of the plan."""
    event = _event(request, pk)
    return _edit(request, PlanEventForm(request.POST or None, initial=PlanEventForm.values_of(event)), event)


@require_POST
@requires(Can.MANAGE_TRACKING)
def plan_event_remove(request: MemberRequest, pk: int) -> HttpResponse:
    """Take an event out of the plan."""
    event = _event(request, pk)
    actions.remove_plan_event(event, by=request.member)
    messages.info(request, _("“%(name)s” is no longer in the plan.") % {"name": event})
    return redirect("tracking:plan")


def _edit(request: MemberRequest, form: PlanEventForm, event: PlanEvent | None) -> HttpResponse:
    if (
        form.is_valid()
        and form.apply(actions.save_plan_event, request.organization, form.details(), by=request.member, event=event)
        is not None
    ):
        messages.info(request, _("The plan is saved."))
        return redirect("tracking:plan")
    title = str(event) if event else _("New planned event")
    context = {
        "form": form,
        "event": event,
        "page_title": title,
        "crumbs": [Crumb(_("Tracking plan"), reverse("tracking:plan")), Crumb(title)],
    }
    return render_page(request, "tracking/plan_event.html", context, status=form.answer_status)


def _event(request: MemberRequest, pk: int) -> PlanEvent:
    return get_object_or_404(PlanEvent.objects.owned_by(request.organization).select_related("organization"), pk=pk)
