"""Forms of the lake's pages."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.lake.models import FileState


class FileFilterForm(forms.Form):
    """Which files the list shows."""

    q = forms.CharField(
        label=_("Path or reference"), required=False, max_length=200, widget=forms.TextInput(attrs={"type": "search"})
    )
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("Any")), *FileState.choices])
