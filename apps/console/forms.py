"""The steps of the set-up."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.forms import NewcomerForm, OrganizationFields
from apps.core.action_form import ActionForm

MOST_BRANCHES = 50


class FirstOrganizationForm(OrganizationFields):
    """The same as in the settings; the time zone starts as the browser's."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not self.is_bound and not self.initial:
            self.fields["time_zone"].widget.attrs["data-guess-zone"] = True


class FirstAdminForm(NewcomerForm):
    """Who administers the installation."""

    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    field_order = ["name", "email", "password"]


class BranchesForm(ActionForm):
    """One branch a line."""

    names = forms.CharField(
        label=_("Branches"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One on each line: “Harbour Street”. You can add more later."),
    )

    def clean_names(self) -> list[str]:
        """The lines, each once."""
        lines = [" ".join(line.split()) for line in str(self.cleaned_data["names"]).splitlines()]
        first_of_each: dict[str, str] = {}
        for line in filter(None, lines):
            first_of_each.setdefault(line.casefold(), line)
        names = list(first_of_each.values())
        if len(names) > MOST_BRANCHES:
            raise forms.ValidationError(
                _("At most %(most)d here; add the others later."), params={"most": MOST_BRANCHES}
            )
        return names
