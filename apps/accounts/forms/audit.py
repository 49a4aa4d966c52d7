"""What the audit log is filtered by."""

from __future__ import annotations

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core import days
from apps.core.models import AuditEntry


class AuditFilterForm(forms.Form):
    """Person, action, record, days. What does not fit filters nothing."""

    person = forms.CharField(label=_("Who"), required=False, widget=forms.TextInput(attrs={"type": "search"}))
    action = forms.CharField(label=_("What"), required=False, widget=forms.TextInput(attrs={"type": "search"}))
    record = forms.CharField(label=_("Record"), required=False, widget=forms.TextInput(attrs={"type": "search"}))
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def narrowed(self, entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        """The entries that fit; days are the viewer's."""
        self.is_valid()
        typed = self.cleaned_data
        if typed.get("person"):
            entries = entries.filter(actor_label__icontains=typed["person"])
        for word in typed.get("action", "").lower().split():
            entries = entries.filter(action__contains=word)
        if typed.get("record"):
            entries = entries.filter(object_label__icontains=typed["record"])
        zone = timezone.get_current_timezone()
        start, end = days.moments(typed.get("since"), typed.get("until"), zone)
        if start:
            entries = entries.filter(at__gte=start)
        if end:
            entries = entries.filter(at__lt=end)
        return entries
