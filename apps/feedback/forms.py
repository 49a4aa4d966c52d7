"""Forms of feedback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Organization
from apps.core.action_form import ActionForm
from apps.customers.models import Branch, StaffMember
from apps.feedback import answers
from apps.feedback.actions import SurveyChoices
from apps.feedback.models import LONGEST_COMMENT, RequestState, SentimentLabel, SurveySettings, Wording
from apps.feedback.models.settings import LONGEST_EXPIRY_HOURS
from apps.feedback.queries import RequestFilters, ResponseFilters

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _day(label: StrOrPromise) -> forms.DateField:
    """A day to filter by, written as browsers write it."""
    return forms.DateField(
        label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class AnswerForm(forms.Form):
    """What the customer sees. Its fields check nothing themselves: `answers.check` does, as for the API."""

    stars = forms.CharField(label=_("Your rating"), required=False)
    comment = forms.CharField(
        label=_("What should we know?"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5, "data-count": LONGEST_COMMENT}),
    )
    form_key = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Put each sentence beside its field."""
        try:
            answers.check(self.data.get("stars"), self.data.get("comment"))
        except answers.InvalidAnswer as invalid:
            for name, sentence in invalid.errors.items():
                self.add_error(name, sentence)
        return self.cleaned_data


class ResponseFilterForm(forms.Form):
    """The filters of the list; they live in the address."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "data_width": "field-wide"}),
    )
    branch = forms.ModelChoiceField(
        Branch.objects.none(), label=_("Branch"), required=False, empty_label=_("Any branch")
    )
    staff = forms.ModelChoiceField(
        StaffMember.objects.none(), label=_("Served by"), required=False, empty_label=_("Anybody")
    )
    stars = forms.TypedChoiceField(
        label=_("Stars"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("Any")), *((str(number), str(number)) for number in range(5, 0, -1))],
    )
    sentiment = forms.ChoiceField(
        label=_("Sentiment"), required=False, choices=[("", _("Any")), *SentimentLabel.choices]
    )
    contradiction = forms.BooleanField(label=_("Stars and text disagree"), required=False)
    since = _day(_("From"))
    until = _day(_("Until"))

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, model in (("branch", Branch), ("staff", StaffMember)):
            field = cast("forms.ModelChoiceField[Any]", self.fields[name])
            field.queryset = model.objects.owned_by(organization).order_by("name")

    def filters(self) -> ResponseFilters:
        """The filters that make sense; what does not is left out, and the form says so."""
        self.full_clean()
        data = self.cleaned_data
        branch, staff = data.get("branch"), data.get("staff")
        return ResponseFilters(
            text=data.get("q", "").strip(),
            branch_id=branch.pk if branch else None,
            staff_id=staff.pk if staff else None,
            stars=data.get("stars"),
            sentiment=data.get("sentiment", ""),
            is_contradiction=data.get("contradiction", False),
            since=data.get("since"),
            until=data.get("until"),
        )


class RequestFilterForm(forms.Form):
    """The filters of the list of requests; they live in the address."""

    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All")), *RequestState.choices])
    branch = forms.ModelChoiceField(
        Branch.objects.none(), label=_("Branch"), required=False, empty_label=_("Any branch")
    )
    since = _day(_("From"))
    until = _day(_("Until"))

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[Any]", self.fields["branch"])
        field.queryset = Branch.objects.owned_by(organization).order_by("name")

    def filters(self) -> RequestFilters:
        """The filters that make sense; what does not is left out, and the form says so."""
        self.full_clean()
        data = self.cleaned_data
        branch = data.get("branch")
        return RequestFilters(
            state=data.get("state", ""),
            branch_id=branch.pk if branch else None,
            since=data.get("since"),
            until=data.get("until"),
        )


class SurveySettingsForm(ActionForm):
    """How the organisation asks; one group of words for each language."""

    expiry_hours = forms.IntegerField(label=_("A link works for (hours)"), min_value=1, max_value=LONGEST_EXPIRY_HOURS)
    are_reminders_on = forms.BooleanField(label=_("Remind people who have not answered"), required=False)
    remind_after_hours = forms.IntegerField(
        label=_("Hours before each reminder"), min_value=1, max_value=LONGEST_EXPIRY_HOURS
    )
    max_reminders = forms.IntegerField(label=_("Reminders at most"), min_value=1, max_value=2)

    WORDS = {
        "question": (_("Question"), 120, forms.TextInput),
        "intro": (_("Introduction"), 300, forms.Textarea),
        "thanks": (_("Thank-you text"), 300, forms.Textarea),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for language, language_name in settings.LANGUAGES:
            default = Wording.default(language)
            for word, (label, length, widget) in self.WORDS.items():
                attrs = {"placeholder": getattr(default, word), **({"rows": 2} if widget is forms.Textarea else {})}
                self.fields[f"{word}_{language}"] = forms.CharField(
                    label=f"{label} ({translation.gettext(str(language_name))})",
                    required=False,
                    max_length=length,
                    widget=widget(attrs=attrs),
                )

    @classmethod
    def initial_of(cls, row: SurveySettings) -> dict[str, Any]:
        """What the form shows for these settings."""
        names = ("expiry_hours", "are_reminders_on", "remind_after_hours", "max_reminders")
        words = {f"{word}_{language}": text for language, texts in row.wording.items() for word, text in texts.items()}
        return {**{name: getattr(row, name) for name in names}, **words}

    def wording(self) -> Mapping[str, Mapping[str, str]]:
        """The words as typed, by language."""
        return {
            language: {word: self.cleaned_data.get(f"{word}_{language}", "") for word in self.WORDS}
            for language, _name in settings.LANGUAGES
        }

    def choices(self) -> SurveyChoices:
        """What was chosen."""
        data = self.cleaned_data
        return SurveyChoices(
            wording=self.wording(),
            expiry_hours=data["expiry_hours"],
            are_reminders_on=data["are_reminders_on"],
            remind_after_hours=data["remind_after_hours"],
            max_reminders=data["max_reminders"],
        )
