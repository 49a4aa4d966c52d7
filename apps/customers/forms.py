"""Forms of the customer pages."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Organization
from apps.core.action_form import ActionForm
from apps.customers import normalise
from apps.customers.actions import BranchDetails, CustomerDetails, StaffDetails, VisitDraft
from apps.customers.models import (
    Branch,
    Channel,
    ConsentAction,
    Customer,
    Notice,
    PreferredChannel,
    Purpose,
    StaffMember,
    VisitSource,
)
from apps.customers.queries import CustomerFilters


class StaffChoiceField(forms.ModelChoiceField[StaffMember]):
    """Staff with the branch beside the name: two branches may each have an Anna."""

    def label_from_instance(self, obj: StaffMember) -> str:
        """`Anna (Old Town)`."""
        return f"{obj.name} ({obj.branch.name})" if obj.branch else obj.name


class VisitForm(ActionForm):
    """A visit at the counter."""

    name = forms.CharField(label=_("Name"), max_length=200)
    email = forms.CharField(
        label=_("E-mail"),
        max_length=254,
        required=False,
        help_text=_("E-mail or mobile, so that we know them next time."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    mobile = forms.CharField(
        label=_("Mobile"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    email_consent = forms.BooleanField(required=False)
    has_come_back = forms.BooleanField(
        label=_("They came back by themselves and want to be a customer again"), required=False
    )
    purpose = forms.CharField(label=_("Purpose of visit"), max_length=200)
    branch = forms.ModelChoiceField(
        Branch.objects.none(), label=_("Branch"), required=False, empty_label=_("No branch")
    )
    staff_member = StaffChoiceField(
        StaffMember.objects.none(), label=_("Staff member"), required=False, empty_label=_("Not given")
    )
    customer = forms.IntegerField(required=False, widget=forms.HiddenInput)
    notice = forms.IntegerField(required=False, widget=forms.HiddenInput)
    form_key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, organization: Organization, notice: Notice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._country = organization.country
        branches = Branch.objects.owned_by(organization).active().order_by("name")
        people = StaffMember.objects.owned_by(organization).active().order_by("name")
        _choices(self, "branch").queryset = branches
        _choices(self, "staff_member").queryset = people.select_related("branch")
        if branches.exists():
            self.fields["branch"].required = True
            _choices(self, "branch").empty_label = _("Choose a branch")
        self.fields["email_consent"].label = notice.text

    def clean(self) -> dict[str, Any]:
        """Say at once what is wrong with address and number, beside whatever else is."""
        data = super().clean() or self.cleaned_data
        branch = data.get("branch")
        country = (branch.country if branch else "") or self._country
        if "email" in data:
            self.apply(normalise.email, data["email"])
        if "mobile" in data:
            self.apply(normalise.mobile, data["mobile"], country=country)
        return data

    def draft(self) -> VisitDraft:
        """What was typed, for the action."""
        data = self.cleaned_data
        return VisitDraft(
            name=data["name"],
            email=data["email"],
            mobile=data["mobile"],
            has_email_consent=data["email_consent"],
            purpose=data["purpose"],
            branch_id=data["branch"].pk if data["branch"] else None,
            staff_id=data["staff_member"].pk if data["staff_member"] else None,
            customer_id=data["customer"],
            source=VisitSource.PAGE,
            notice_id=data["notice"],
            form_key=data["form_key"],
            has_come_back=data["has_come_back"],
        )


class CustomerForm(ActionForm):
    """The record of a customer."""

    name = forms.CharField(label=_("Name"), max_length=200)
    email = forms.CharField(label=_("E-mail"), max_length=254, required=False, widget=forms.EmailInput)
    mobile = forms.CharField(
        label=_("Mobile"), max_length=40, required=False, widget=forms.TextInput(attrs={"type": "tel"})
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=[("", _("The organisation's")), *settings.LANGUAGES], required=False
    )
    time_zone = forms.CharField(
        label=_("Time zone"),
        required=False,
        max_length=64,
        help_text=_("For example Europe/Berlin. Empty: the organisation's."),
    )
    preferred_channel = forms.ChoiceField(
        label=_("Preferred channel"), choices=PreferredChannel.choices, required=False
    )

    def clean_time_zone(self) -> str:
        """Only names of the time zone database."""
        return _time_zone(self.cleaned_data["time_zone"])

    def details(self) -> CustomerDetails:
        """What was typed, for the action."""
        return CustomerDetails(**self.cleaned_data)

    @staticmethod
    def values_of(customer: Customer) -> dict[str, Any]:
        """What stands in the form before anybody types."""
        return {name: getattr(customer, name) for name in CustomerForm.base_fields}


class ConsentForm(ActionForm):
    """What the customer said, and why we write it down."""

    purpose = forms.ChoiceField(label=_("Purpose"), choices=Purpose.choices)
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices)
    action = forms.ChoiceField(
        label=_("What the customer said"),
        choices=[(ConsentAction.GIVEN.value, _("Yes, they agree")), (ConsentAction.WITHDRAWN.value, _("No"))],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("For example: asked at the counter, called on Monday.")
    )


class CustomerFilterForm(forms.Form):
    """The filters of the list; they live in the address."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "data_width": "field-wide"}),
    )
    branch = forms.ModelChoiceField(
        Branch.objects.none(), label=_("Last seen at"), required=False, empty_label=_("Any branch")
    )
    consent = forms.ChoiceField(
        label=_("Survey by e-mail"),
        required=False,
        choices=[("", _("Any")), ("yes", _("Agreed")), ("no", _("Not agreed"))],
    )
    since = forms.DateField(
        label=_("Customer from"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("Customer until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choices(self, "branch").queryset = Branch.objects.owned_by(organization).order_by("name")

    def filters(self) -> CustomerFilters:
        """The filters that make sense; what does not is left out, and the form says so."""
        self.full_clean()
        data = self.cleaned_data
        branch = data.get("branch")
        return CustomerFilters(
            text=data.get("q", ""),
            branch_id=branch.pk if branch else None,
            consent=data.get("consent", ""),
            since=data.get("since"),
            until=data.get("until"),
        )


class BranchForm(ActionForm):
    """A branch."""

    name = forms.CharField(label=_("Name"), max_length=100)
    time_zone = forms.CharField(
        label=_("Time zone"),
        required=False,
        max_length=64,
        help_text=_("For example Europe/Berlin. Empty: the organisation's."),
    )
    country = forms.RegexField(
        r"^[A-Za-z]{2}\Z",
        label=_("Country"),
        required=False,
        help_text=_("Two letters; how phone numbers without a country are read. Empty: the organisation's."),
        error_messages={"invalid": _("Two letters, for example DE.")},
    )

    def clean_time_zone(self) -> str:
        """Only names of the time zone database."""
        return _time_zone(self.cleaned_data["time_zone"])

    def details(self) -> BranchDetails:
        """What was typed, for the action."""
        return BranchDetails(**self.cleaned_data)


class StaffForm(ActionForm):
    """Somebody who serves customers."""

    name = forms.CharField(label=_("Name"), max_length=100)
    branch = forms.ModelChoiceField(
        Branch.objects.none(), label=_("Branch"), required=False, empty_label=_("Several branches")
    )
    account = forms.ChoiceField(
        label=_("Account"), required=False, help_text=_("If they sign in here: their visits are theirs by default.")
    )

    def __init__(self, *args: Any, organization: Organization, members: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choices(self, "branch").queryset = Branch.objects.owned_by(organization).active().order_by("name")
        account = self.fields["account"]
        assert isinstance(account, forms.ChoiceField)
        account.choices = [("", _("None")), *[(str(pk), label) for pk, label in members]]

    def details(self) -> StaffDetails:
        """What was typed, for the action."""
        data = self.cleaned_data
        return StaffDetails(data["name"], data["branch"], int(data["account"]) if data["account"] else None)


class NoticeForm(ActionForm):
    """The words beside the tick box."""

    text = forms.CharField(label=_("Text"), max_length=4000, widget=forms.Textarea(attrs={"rows": 5}))


def _choices(form: forms.Form, name: str) -> forms.ModelChoiceField[Any]:
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    return field


def _time_zone(name: str) -> str:
    if name and name not in zoneinfo.available_timezones():
        raise forms.ValidationError(_("There is no such time zone. It looks like Europe/Berlin."), code="time_zone")
    return name
