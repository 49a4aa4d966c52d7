"""The tracking plan and how events are taken in. Every change makes a new version, which all processes notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.accounts.models import Organization
from apps.accounts.permissions import Caller
from apps.core import audit
from apps.core.refused import Refused
from apps.customers.models import Channel, Purpose
from apps.tracking import rules
from apps.tracking.models import CallType, PlanEvent, PlanMode, Source, TrackingSettings


@dataclass(frozen=True)
class PlanDetails:
    """A planned event as typed."""

    name: str
    type: str = CallType.TRACK
    description: str = ""
    schema: Mapping[str, Any] = field(default_factory=dict)
    mode: str = PlanMode.WARN
    is_key_event: bool = False


@dataclass(frozen=True)
class SettingsDetails:
    """How events are taken in, as typed. `consent_categories`: category → purpose or `purpose:channel`."""

    unknown_events: str = PlanMode.ALLOW
    late_days: int = 30
    retention_months: int | None = None
    test_users: str = ""
    consent_categories: Mapping[str, str] = field(default_factory=dict)


@transaction.atomic
def save_plan_event(
    organization: Organization, details: PlanDetails, *, by: Caller, event: PlanEvent | None = None
) -> PlanEvent:
    """Add an event to the plan, or change it. Raises Refused (`name_missing`, `name_taken`, `bad_schema`)."""
    name = details.name.strip()
    if details.type == CallType.TRACK and not name:
        raise Refused(_("Give the name of the event."), code="name_missing", field="name")
    if found := rules.problems(details.schema):
        raise Refused(
            _("This is no JSON Schema: %(problem)s") % {"problem": found[0]}, code="bad_schema", field="schema"
        )
    _new_version(organization)
    same = PlanEvent.objects.owned_by(organization).filter(type=details.type, name=name).first()
    if same is not None and same != event:
        raise Refused(_("The plan has this event already."), code="name_taken", field="name")
    values = {**vars(details), "name": name, "schema": dict(details.schema)}
    if event is None:
        event = PlanEvent.objects.create(organization=organization, **values)
        audit.record("plan_event.added", by=by, organization_id=organization.pk, on=event, after=values)
        return event
    event = PlanEvent.objects.select_for_update().get(pk=event.pk)
    before = {key: getattr(event, key) for key, value in values.items() if getattr(event, key) != value}
    for key in before:
        setattr(event, key, values[key])
    if before:
        event.save(update_fields=[*before])
        after = {key: values[key] for key in before}
        audit.record("plan_event.changed", by=by, organization_id=organization.pk, on=event, before=before, after=after)
    return event


@transaction.atomic
def remove_plan_event(event: PlanEvent, *, by: Caller) -> None:
    """Take an event out of the plan; what was stored stays."""
    _new_version(event.organization)
    audit.record("plan_event.removed", by=by, organization_id=event.organization_id, on=event)
    event.delete()


@transaction.atomic
def save_settings(organization: Organization, details: SettingsDetails, *, by: Caller) -> TrackingSettings:
    """Change how events are taken in. Raises Refused (`bad_category`)."""
    for category, target in details.consent_categories.items():
        purpose, _colon, channel = target.partition(":")
        if purpose not in Purpose.values or (channel and channel not in Channel.values):
            raise Refused(
                _("“%(category)s” leads to no purpose. Write one of: %(purposes)s")
                % {"category": category, "purposes": ", ".join(Purpose.values)},
                code="bad_category",
                field="consent_categories",
            )
    settings = _new_version(organization)
    values = {**vars(details), "consent_categories": dict(details.consent_categories)}
    before = {key: getattr(settings, key) for key, value in values.items() if getattr(settings, key) != value}
    if before:
        for key in before:
            setattr(settings, key, values[key])
        settings.save(update_fields=[*before])
        after = {key: values[key] for key in before}
        audit.record(
            "tracking_settings.changed",
            by=by,
            organization_id=organization.pk,
            on=settings,
            before=before,
            after=after,
        )
    return settings


def settings_of(organization: Organization) -> TrackingSettings:
    """The organisation's settings, or the usual ones, not stored."""
    found = TrackingSettings.objects.owned_by(organization).first()
    return found or TrackingSettings(organization=organization)


def _new_version(organization: Organization) -> TrackingSettings:
    """Count on, with the row locked: changes of the plan come one after the other."""
    TrackingSettings.objects.get_or_create(organization=organization)
    TrackingSettings.objects.owned_by(organization).update(version=F("version") + 1)
    settings = TrackingSettings.objects.owned_by(organization).get()
    Source.objects.owned_by(organization).update(plan_version=settings.version)
    return settings
