"""Keys for machines."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.permissions import Caller, Can
from apps.core.action_form import ActionForm


class ApiKeyForm(ActionForm):
    """A name, what the key may do, and until when."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("The program that uses it: “Till, Harbour Street”.")
    )
    scopes = forms.MultipleChoiceField(label=_("What it may do"), choices=[], widget=forms.CheckboxSelectMultiple)
    last_day = forms.DateField(
        label=_("Works until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty: until somebody revokes it."),
    )

    def __init__(self, *args: Any, maker: Caller, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = self.fields["scopes"]
        assert isinstance(scopes, forms.MultipleChoiceField)
        scopes.choices = [(scope.value, scope.label) for scope in Can if maker.can(scope)]

    def expires_at(self) -> datetime | None:
        """The end of the last day, in the viewer's time zone."""
        day: date | None = self.cleaned_data["last_day"]
        return timezone.make_aware(datetime.combine(day, time.max)) if day else None
