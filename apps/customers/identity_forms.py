"""What people type when they say who is who."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.action_form import ActionForm
from apps.customers.evidence import Record
from apps.customers.models import Customer

ROW_ID = 2**63 - 1


class MergeForm(ActionForm):
    """Two are one."""

    other = forms.IntegerField(min_value=1, max_value=ROW_ID, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why are they the same?"), max_length=300, required=False, help_text=_("Kept in the log.")
    )


class SplitForm(ActionForm):
    """Some records are somebody else."""

    records = forms.MultipleChoiceField(
        label=_("Records that are somebody else"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick the records that do not belong to this customer.")},
    )
    reason = forms.CharField(label=_("Why do they not belong together?"), max_length=300)

    def __init__(self, *args: Any, records: list[Record], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._customers = {str(record.customer.pk): record.customer for record in records}
        choice = self.fields["records"]
        assert isinstance(choice, forms.MultipleChoiceField)
        choice.choices = [
            (pk, _("No. %(number)s: %(name)s") % {"number": pk, "name": customer})
            for pk, customer in self._customers.items()
        ]

    def chosen(self) -> list[Customer]:
        """The records that were ticked."""
        return [self._customers[pk] for pk in self.cleaned_data["records"]]
