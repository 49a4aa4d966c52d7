"""What people say of themselves and of one another."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts import places
from apps.accounts.permissions import Role
from apps.core.action_form import ActionForm

NEW_PASSWORD = {"autocomplete": "new-password"}


class ProfileForm(ActionForm):
    """One's own name, language and time zone."""

    name = forms.CharField(label=_("Name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=lambda: places.with_empty(places.languages())
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), required=False, choices=lambda: places.with_empty(places.time_zones())
    )


class RoleForm(ActionForm):
    """Another role for a member."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class InviteForm(ActionForm):
    """Whom to invite, as what."""

    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.AGENT)


class AcceptForm(ActionForm):
    """Nothing to type: the button says it."""


class NewcomerForm(ActionForm):
    """Name and password of somebody who has no account yet."""

    name = forms.CharField(label=_("Name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        # What was typed comes back after an error, so that nobody types it again. It never leaves this page.
        widget=forms.PasswordInput(attrs=NEW_PASSWORD, render_value=True),
        help_text=_("At least 10 characters. A few words in a row are good."),
    )
