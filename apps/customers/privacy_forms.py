"""Forms of the privacy pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.action_form import ActionForm
from apps.customers.models import PrivacyKind, PrivacySettings, Purpose


class PrivacyRequestForm(ActionForm):
    """What the customer asked for, and when it came."""

    kind = forms.ChoiceField(label=_("What they asked for"), choices=PrivacyKind.choices, widget=forms.RadioSelect)
    purposes = forms.MultipleChoiceField(
        label=_("Against what"),
        choices=Purpose.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("For an objection."),
    )
    received_on = forms.DateField(
        label=_("Came in on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("From this day the deadline runs."),
    )
    note = forms.CharField(
        label=_("Note"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For example how it came in, and how you know that it is really them."),
    )

    def received_at(self) -> datetime:
        """The beginning of the day; today means now."""
        now = timezone.localtime()
        day = self.cleaned_data["received_on"]
        if day == now.date():
            return now
        return now.replace(year=day.year, month=day.month, day=day.day, hour=0, minute=0, second=0, microsecond=0)


class CarryOutForm(ActionForm):
    """The last question before something happens that cannot be taken back."""

    confirmed = forms.BooleanField(label=_("I have made sure that the request is really from this customer"))


class RefusalForm(ActionForm):
    """Why not."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What the customer is told. They may complain to the authority."),
    )


class ExtensionForm(ActionForm):
    """More time, and why."""

    months = forms.TypedChoiceField(
        label=_("How much longer"), coerce=int, choices=[(1, _("One month")), (2, _("Two months"))]
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Tell the customer this reason within the first month."),
    )


class PrivacySettingsForm(ActionForm):
    """How the organisation answers."""

    deadline_days = forms.IntegerField(
        label=_("Days to answer"),
        required=False,
        # The shortest month has so many; the law allows one month.
        validators=[MinValueValidator(1), MaxValueValidator(28)],
        help_text=_("Empty: one calendar month, as the law says. A shorter time is possible."),
    )
    export_days = forms.IntegerField(
        label=_("Days for which a copy can be downloaded"), validators=[MinValueValidator(1), MaxValueValidator(90)]
    )
    needs_second_person = forms.BooleanField(label=_("A second person confirms each erasure"), required=False)

    @staticmethod
    def values_of(row: PrivacySettings) -> dict[str, Any]:
        """What stands in the form before anybody types."""
        return {name: getattr(row, name) for name in PrivacySettingsForm.base_fields}
