"""What an organisation says of itself."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from apps.accounts import places
from apps.accounts.actions import OrganizationDetails
from apps.core.action_form import ActionForm

LOGO_MAX_BYTES = 2 * 1024 * 1024


class OrganizationFields(ActionForm):
    """Name, place and money; also the first step of the set-up."""

    name = forms.CharField(
        label=_("Name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=places.time_zones, initial="UTC")
    currency = forms.ChoiceField(label=_("Currency"), choices=places.currencies, initial="EUR")
    language = forms.ChoiceField(label=_("Language"), choices=places.languages, initial="en")
    country = forms.CharField(
        label=_("Country"),
        required=False,
        validators=[RegexValidator(r"^[A-Za-z]{2}\Z", _("Two letters, like DE."))],
        help_text=_("Two letters, like DE. Phone numbers without a country are read as numbers of this one."),
        widget=forms.TextInput(attrs={"autocomplete": "country", "size": 4}),
    )

    def clean_country(self) -> str:
        """In capitals."""
        return str(self.cleaned_data["country"]).upper()

    def details(self) -> OrganizationDetails:
        """What was typed, as the actions want it."""
        typed = self.cleaned_data
        return OrganizationDetails(
            name=typed["name"],
            time_zone=typed["time_zone"],
            currency=typed["currency"],
            language=typed["language"],
            country=typed["country"],
        )


class OrganizationForm(OrganizationFields):
    """The settings page: the same, and the looks."""

    brand_colour = forms.RegexField(
        r"^#[0-9a-fA-F]{6}\Z",
        label=_("Brand colour"),
        widget=forms.TextInput(attrs={"type": "color"}),
        help_text=_("Colours the pages and mails that your customers see."),
    )
    logo = forms.FileField(
        label=_("Logo"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
        help_text=_("PNG, JPEG or WebP, up to 2 MB."),
    )
    remove_logo = forms.BooleanField(label=_("Remove the logo"), required=False)

    def clean_logo(self) -> Any:
        """Refuse what is too large before anybody reads it."""
        logo = self.cleaned_data["logo"]
        if logo and logo.size > LOGO_MAX_BYTES:
            raise forms.ValidationError(_("This file is larger than 2 MB."), code="logo_too_large")
        return logo


class SenderForm(ActionForm):
    """Who stands as sender on the mails to customers."""

    name = forms.CharField(label=_("Sender name"), max_length=100, help_text=_("What customers read as the sender."))
    email = forms.EmailField(
        label=_("Sender address"),
        help_text=_("Your mail provider must allow this address; answers of customers arrive there."),
    )

    def clean_name(self) -> str:
        """On one line: it goes into a mail's head."""
        return " ".join(str(self.cleaned_data["name"]).split())
