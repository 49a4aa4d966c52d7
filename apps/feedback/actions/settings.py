"""How an organisation asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from apps.accounts.models import Organization
from apps.core import audit
from apps.feedback import queries
from apps.feedback.models import SurveySettings


@dataclass(frozen=True)
class SurveyChoices:
    """What can be chosen; `wording` maps language → {question, intro, thanks}, empty words mean our own."""

    wording: Mapping[str, Mapping[str, str]]
    expiry_hours: int
    are_reminders_on: bool
    remind_after_hours: int
    max_reminders: int


@transaction.atomic
def save_settings(organization: Organization, choices: SurveyChoices, *, by: audit.Actor) -> SurveySettings:
    """Use these choices for surveys from now on; links that are out keep their expiry."""
    Organization.objects.select_for_update().get(pk=organization.pk)
    row = queries.settings_of(organization)
    names = ["wording", "expiry_hours", "are_reminders_on", "remind_after_hours", "max_reminders"]
    before = {name: getattr(row, name) for name in names}
    row.wording = {language: dict(words) for language, words in choices.wording.items()}
    for name in names[1:]:
        setattr(row, name, getattr(choices, name))
    row.full_clean(exclude=["organization"])
    row.save()
    after = {name: getattr(row, name) for name in names}
    audit.record("survey.settings", by=by, organization_id=organization.pk, on=row, before=before, after=after)
    return row
