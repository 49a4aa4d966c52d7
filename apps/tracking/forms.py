"""Forms of tracking."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Organization
from apps.core.action_form import ActionForm
from apps.tracking import actions, queries
from apps.tracking.models import (
    CallType,
    PlanEvent,
    PlanMode,
    QuarantineReason,
    QuarantineState,
    Source,
    SourceKind,
    TrackingSettings,
)
from apps.tracking.models.event import LONGEST_NAME


def _code(label: Any, help_text: Any, rows: int) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows, "spellcheck": "false", "class": "code"}),
    )


class EventFilterForm(forms.Form):
    """The filters of the live list; they live in the address."""

    source = forms.TypedChoiceField(label=_("Source"), required=False, coerce=int, empty_value=None)
    type = forms.ChoiceField(label=_("Call"), required=False, choices=[("", _("Any")), *CallType.choices])
    name = forms.CharField(
        label=_("Event"), required=False, max_length=200, widget=forms.TextInput(attrs={"type": "search"})
    )
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[
            ("", _("Any")),
            ("violation", _("Breaks the plan")),
            ("robot", _("Robots")),
            ("test", _("Test users")),
            ("late", _("Late")),
        ],
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sources = Source.objects.owned_by(organization).order_by("name").values_list("id", "name")
        field = self.fields["source"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [("", _("Any")), *((str(pk), name) for pk, name in sources)]

    def filters(self) -> queries.EventFilters:
        """What can be read of it; a filter that makes no sense narrows nothing."""
        self.is_valid()
        read = self.cleaned_data
        return queries.EventFilters(
            read.get("source"), read.get("type", ""), read.get("name", ""), read.get("status", "")
        )


class QuarantineFilterForm(forms.Form):
    """The filters of the quarantine."""

    reason = forms.ChoiceField(label=_("Why"), required=False, choices=[("", _("Any")), *QuarantineReason.choices])
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("Any")), *QuarantineState.choices])

    def filters(self) -> dict[str, str]:
        """What can be read of it."""
        self.is_valid()
        return {name: self.cleaned_data.get(name, "") for name in ("reason", "state")}


class SourceForm(ActionForm):
    """A source."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("What sends: “Shop”, “App for Android”."))
    kind = forms.ChoiceField(label=_("Where the events come from"), choices=SourceKind.choices)
    allowed_origins = _code(
        _("Websites that may send"),
        _("One a line, as the browser shows them: https://www.example.com. Apps and servers need none."),
        3,
    )
    accepts_old = forms.BooleanField(
        label=_("Accept events of any age"), required=False, help_text=_("For a source that brings years of history.")
    )

    @staticmethod
    def values_of(source: Source) -> dict[str, Any]:
        """What the form shows at first."""
        return {name: getattr(source, name) for name in ("name", "kind", "allowed_origins", "accepts_old")}

    def details(self) -> actions.SourceDetails:
        """What was typed."""
        return actions.SourceDetails(**self.cleaned_data)


class PlanEventForm(ActionForm):
    """A planned event."""

    type = forms.ChoiceField(label=_("Call"), choices=CallType.choices, initial=CallType.TRACK)
    name = forms.CharField(
        label=_("Event"),
        required=False,
        max_length=LONGEST_NAME,
        help_text=_("As it is sent: “Order Completed”. Of other calls no name means all."),
    )
    description = forms.CharField(label=_("What it means"), required=False, max_length=300)
    mode = forms.ChoiceField(label=_("When it does not fit"), choices=PlanMode.choices, initial=PlanMode.WARN)
    is_key_event = forms.BooleanField(label=_("Show on the customer's timeline"), required=False)
    schema = _code(
        _("JSON Schema of the properties"),
        _("Empty: anything fits. Draft 2020-12. Of identify and group the traits are checked."),
        14,
    )

    @staticmethod
    def values_of(event: PlanEvent) -> dict[str, Any]:
        """What the form shows at first."""
        values = {name: getattr(event, name) for name in ("type", "name", "description", "mode", "is_key_event")}
        text = json.dumps(event.schema, indent=2, ensure_ascii=False) if event.schema else ""
        return {**values, "schema": text}

    def clean_schema(self) -> Any:
        """The schema as JSON."""
        text = self.cleaned_data["schema"].strip()
        try:
            return json.loads(text) if text else {}
        except (ValueError, RecursionError) as error:
            raise ValidationError(_("This is no JSON: %(problem)s"), params={"problem": str(error)}) from error

    def details(self) -> actions.PlanDetails:
        """What was typed."""
        return actions.PlanDetails(**self.cleaned_data)


class TrackingSettingsForm(ActionForm):
    """How events are taken in."""

    unknown_events = forms.ChoiceField(label=_("Events that are not in the plan"), choices=PlanMode.choices)
    late_days = forms.IntegerField(
        label=_("Accept events up to this age, in days"),
        min_value=1,
        max_value=3650,
        help_text=_("Older ones wait in the quarantine, unless the sender says that they are history."),
    )
    retention_months = forms.IntegerField(
        label=_("Delete events after so many months"),
        required=False,
        min_value=1,
        max_value=1200,
        help_text=_("Empty: they are kept."),
    )
    test_users = _code(
        _("Test users"), _("User ids and e-mail addresses, or @example.com for all of a company. They are marked."), 3
    )
    consent_categories = _code(
        _("Consent categories"),
        _("One a line: the category of your consent banner = a purpose (marketing, analytics, profiling, survey)."),
        3,
    )

    @staticmethod
    def values_of(settings: TrackingSettings) -> dict[str, Any]:
        """What the form shows at first."""
        names = ("unknown_events", "late_days", "retention_months", "test_users")
        lines = [f"{category} = {target}" for category, target in settings.consent_categories.items()]
        return {**{name: getattr(settings, name) for name in names}, "consent_categories": "\n".join(lines)}

    def clean_consent_categories(self) -> dict[str, str]:
        """Category → purpose."""
        pairs = {}
        for line in self.cleaned_data["consent_categories"].splitlines():
            category, equals, target = (part.strip() for part in line.partition("="))
            if not line.strip():
                continue
            if not (category and equals and target):
                raise ValidationError(_("Write each line as: category = purpose"))
            pairs[category] = target
        return pairs

    def details(self) -> actions.SettingsDetails:
        """What was typed."""
        return actions.SettingsDetails(**self.cleaned_data)
