"""Forms of the record: own fields, tags, notes, contacts, owner and company, saved searches."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Membership, Organization
from apps.core.action_form import ActionForm
from apps.customers.actions.fields import FieldDetails
from apps.customers.models import Customer, CustomerKind, CustomField, FieldKind


class FieldForm(ActionForm):
    """What defines a field of the organisation's own."""

    label = forms.CharField(label=_("Name"), max_length=100)
    key = forms.CharField(
        label=_("Key"),
        max_length=50,
        help_text=_("How imports and the API name it, for example shoe_size. It never changes."),
    )
    kind = forms.ChoiceField(label=_("Type"), choices=FieldKind.choices)
    choices = forms.CharField(
        label=_("Choices"),
        required=False,
        max_length=21_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line; for the type “One of a list”."),
    )
    is_searchable = forms.BooleanField(
        label=_("Found by search"), required=False, help_text=_("Applies to values that are written from now on.")
    )
    position = forms.IntegerField(label=_("Position"), required=False, min_value=0, max_value=32_000, initial=0)

    def __init__(self, *args: Any, field: CustomField | None = None, **kwargs: Any) -> None:
        if field is not None:
            kwargs["initial"] = {
                name: getattr(field, name) for name in ("label", "key", "kind", "is_searchable", "position")
            } | {"choices": "\n".join(field.choices)}
        super().__init__(*args, **kwargs)
        if field is not None:
            self.fields["key"].disabled = self.fields["kind"].disabled = True

    def details(self) -> FieldDetails:
        """What was typed, for the action."""
        data = self.cleaned_data
        choices = tuple(data["choices"].splitlines())
        position = data["position"] or 0
        return FieldDetails(data["key"].strip(), data["label"], data["kind"], choices, data["is_searchable"], position)


class ValuesForm(ActionForm):
    """The organisation's own fields of one customer."""

    def __init__(self, *args: Any, fields: list[CustomField], customer: Customer, **kwargs: Any) -> None:
        kwargs["initial"] = {field.key: _shown(field, customer.custom.get(field.key)) for field in fields}
        super().__init__(*args, **kwargs)
        for field in fields:
            self.fields[field.key] = _input(field)

    def values(self) -> dict[str, Any]:
        """What was typed, for the action."""
        return dict(self.cleaned_data)


def _shown(field: CustomField, value: Any) -> Any:
    if field.kind == FieldKind.BOOLEAN and value is not None:
        return "yes" if value else "no"
    return value


def _input(field: CustomField) -> forms.Field:
    common: dict[str, Any] = {"label": field.label, "required": False}
    if field.kind == FieldKind.CHOICE:
        return forms.ChoiceField(choices=[("", _("Not known")), *[(each, each) for each in field.choices]], **common)
    if field.kind == FieldKind.BOOLEAN:
        return forms.ChoiceField(choices=[("", _("Not known")), ("yes", _("Yes")), ("no", _("No"))], **common)
    if field.kind == FieldKind.DATE:
        return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **common)
    if field.kind == FieldKind.NUMBER:
        return forms.FloatField(widget=forms.NumberInput(attrs={"step": "any"}), **common)
    return forms.CharField(max_length=500, **common)


class TagForm(ActionForm):
    """A tag's name."""

    tag = forms.CharField(label=_("Name"), max_length=50)


class NoteForm(ActionForm):
    """What a member of staff writes down."""

    text = forms.CharField(
        label=_("Note"),
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("@Name tells a colleague by mail."),
    )


class ContactForm(ActionForm):
    """A further address or number."""

    kind = forms.ChoiceField(label=_("Kind"), choices=[("email", _("E-mail")), ("phone", _("Phone"))])
    value = forms.CharField(label=_("Address or number"), max_length=254)


class OwnerForm(ActionForm):
    """Who looks after the customer, and whether it is a company."""

    owner = forms.ModelChoiceField(
        Membership.objects.none(), label=_("Looked after by"), required=False, empty_label=_("Nobody")
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=CustomerKind.choices)
    company = forms.CharField(
        label=_("Company"),
        required=False,
        max_length=200,
        help_text=_("The name of a customer that is a company; for a person who works there."),
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._organization = organization
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ModelChoiceField)
        owner.queryset = Membership.objects.owned_by(organization).active().select_related("user")

    def clean_company(self) -> Customer | None:
        """The company of this name."""
        name = self.cleaned_data["company"].strip()
        if not name:
            return None
        companies = Customer.objects.owned_by(self._organization).heads().filter(kind=CustomerKind.COMPANY)
        found = companies.filter(name__iexact=name).order_by("id").first()
        if found is None:
            raise forms.ValidationError(_("There is no company of this name. Make the customer a company first."))
        return found


class SavedSearchForm(ActionForm):
    """The name under which a search is kept."""

    name = forms.CharField(label=_("Name of this search"), max_length=100)
    is_shared = forms.BooleanField(label=_("Share it with the team"), required=False)
