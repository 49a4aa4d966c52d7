"""Forms of the commerce pages."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Organization
from apps.commerce.models import Category, OrderStatus
from apps.commerce.queries import OrderFilters, ProductFilters
from apps.core.action_form import ActionForm

MOST_ID = 2**63 - 1


class OrderFilterForm(forms.Form):
    """The filters of the orders; they live in the address."""

    number = forms.CharField(
        label=_("Number begins with"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "data_width": "field-wide"}),
    )
    status = forms.ChoiceField(label=_("Status"), required=False, choices=[("", _("Any")), *OrderStatus.choices])
    since = forms.DateField(
        label=_("Placed from"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("Placed until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    customer = forms.IntegerField(
        label=_("Customer"), required=False, min_value=1, max_value=MOST_ID, widget=forms.HiddenInput
    )
    product = forms.IntegerField(
        label=_("Product"), required=False, min_value=1, max_value=MOST_ID, widget=forms.HiddenInput
    )

    def filters(self) -> OrderFilters:
        """The filters that make sense; what does not is left out, and the form says so."""
        self.full_clean()
        data = self.cleaned_data
        return OrderFilters(
            number=data.get("number", ""),
            status=data.get("status", ""),
            customer_id=data.get("customer"),
            product_id=data.get("product"),
            since=data.get("since"),
            until=data.get("until"),
        )


class ProductFilterForm(forms.Form):
    """The filters of the products; they live in the address."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "data_width": "field-wide"}),
    )
    category = forms.ModelChoiceField(
        Category.objects.none(), label=_("Category"), required=False, empty_label=_("Any category")
    )
    on_sale = forms.ChoiceField(
        label=_("On sale"), required=False, choices=[("", _("Any")), ("yes", _("On sale")), ("no", _("Off sale"))]
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        category = cast("forms.ModelChoiceField[Category]", self.fields["category"])
        category.queryset = Category.objects.owned_by(organization).order_by("name", "id")

    def filters(self) -> ProductFilters:
        """The filters that make sense; what does not is left out, and the form says so."""
        self.full_clean()
        data = self.cleaned_data
        category = data.get("category")
        return ProductFilters(
            text=data.get("q", ""),
            category_id=category.pk if category else None,
            is_active={"yes": True, "no": False}.get(data.get("on_sale", "")),
        )


class CancelForm(ActionForm):
    """Why an order is called off."""

    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("It stands in the audit log."))
