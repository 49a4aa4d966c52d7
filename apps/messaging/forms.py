"""Forms of messaging."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.action_form import ActionForm
from apps.messaging.actions.suppression import LONGEST_REASON


class TestMailForm(ActionForm):
    """Where a test goes."""

    to_address = forms.EmailField(label=_("Send it to"), max_length=254)


class SuppressionFilterForm(forms.Form):
    """Which held-back addresses are shown."""

    q = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"type": "search", "data_width": "field-wide"}),
    )
    show = forms.ChoiceField(
        label=_("Show"), required=False, choices=[("", _("Held back now")), ("all", _("Also those of the past"))]
    )

    def words(self) -> str:
        """What is looked for."""
        self.is_valid()
        return str(self.cleaned_data.get("q", "")).strip()

    def is_all(self) -> bool:
        """Whether past ones are shown."""
        self.is_valid()
        return self.cleaned_data.get("show") == "all"


class ReleaseForm(ActionForm):
    """Why mails may go there again."""

    reason = forms.CharField(
        label=_("Why it works again"),
        max_length=LONGEST_REASON,
        help_text=_("It stands in the audit log: “The customer's mailbox was full and is not any more.”"),
    )
