"""What goes in and out of the API of commerce."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.commerce.actions import MOST_AT_ONCE, Outcome
from apps.commerce.models import (
    Category,
    Order,
    OrderChannel,
    OrderLine,
    OrderStatus,
    Payment,
    PaymentKind,
    Product,
    Refund,
)
from apps.commerce.money import plain
from apps.customers.api.serializers import ROW_ID, MomentField

SOURCE: dict[str, Any] = {"max_length": 50, "required": False, "allow_blank": True, "default": ""}
KEY: dict[str, Any] = {"max_length": 100, "required": False, "allow_blank": True, "default": ""}
REFERENCE: dict[str, Any] = {"required": False, "allow_null": True, "default": None, **ROW_ID}


class AmountField(serializers.DecimalField):
    """An amount as text with a point, to the ten-thousandth: `"12.50"`, `"0.001"`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=15, decimal_places=4, **kwargs)

    def to_representation(self, value: Any) -> str:
        """With two places, or as many as it needs."""
        return plain(value)


class QuantityField(serializers.DecimalField):
    """A quantity as text, to the thousandth: `"2"`, `"0.5"`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=14, decimal_places=3, **kwargs)

    def to_representation(self, value: Any) -> str:
        """Without needless zeros."""
        return plain(value, least=0)


def _currency(**kwargs: Any) -> serializers.RegexField:
    return serializers.RegexField(
        r"^[A-Z]{3}\Z", required=False, default="", help_text="ISO 4217; empty: the organisation's.", **kwargs
    )


class CategoryWriteSerializer(serializers.Serializer[Any]):
    """A category; `parent_external_id` names the one above it in the same source."""

    name = serializers.CharField(max_length=200)
    external_id = serializers.CharField(**KEY)
    source = serializers.CharField(**SOURCE)  # type: ignore[assignment]
    parent_id = serializers.IntegerField(**REFERENCE)
    parent_external_id = serializers.CharField(**KEY)


class CategorySerializer(serializers.ModelSerializer[Category]):
    """A category."""

    class Meta:
        model = Category
        fields = ("id", "name", "parent_id", "source", "external_id", "created_at", "updated_at")


class ProductWriteSerializer(serializers.Serializer[Any]):
    """A product; `category_external_id` names its category in the same source."""

    name = serializers.CharField(max_length=300)
    external_id = serializers.CharField(**KEY)
    source = serializers.CharField(**SOURCE)  # type: ignore[assignment]
    sku = serializers.CharField(**KEY)
    category_id = serializers.IntegerField(**REFERENCE)
    category_external_id = serializers.CharField(**KEY)
    price = AmountField(required=False, allow_null=True, default=None)
    currency = _currency()
    is_active = serializers.BooleanField(required=False, default=True)


class ProductSerializer(serializers.ModelSerializer[Product]):
    """A product."""

    price = AmountField(allow_null=True)

    class Meta:
        model = Product
        fields = (
            "id", "name", "sku", "category_id", "price", "currency", "is_active", "source", "external_id",
            "created_at", "updated_at",
        )  # fmt: skip


class LineWriteSerializer(serializers.Serializer[Any]):
    """A line. A negative quantity came back."""

    quantity = QuantityField()
    unit_price = AmountField()
    product_id = serializers.IntegerField(**REFERENCE)
    product_external_id = serializers.CharField(**KEY)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    discount = AmountField(required=False, default=Decimal(0))
    line_total = AmountField(
        required=False, allow_null=True, default=None, help_text="Empty: quantity × unit price − discount."
    )
    line_number = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0, max_value=2**31 - 1
    )
    occurred_at = MomentField(required=False, allow_null=True, default=None, help_text="Empty: when it was placed.")


class OrderWriteSerializer(serializers.Serializer[Any]):
    """An order with all its lines. The same source and external id again changes the order."""

    placed_at = MomentField()
    lines = LineWriteSerializer(many=True, required=False, default=list)
    external_id = serializers.CharField(**KEY)
    source = serializers.CharField(**SOURCE)  # type: ignore[assignment]
    number = serializers.CharField(**KEY)
    customer_id = serializers.IntegerField(**REFERENCE)
    customer_reference = serializers.CharField(**KEY, help_text="The customer's id in the source.")
    status = serializers.ChoiceField(OrderStatus.choices, required=False, default=OrderStatus.COMPLETED)
    branch_id = serializers.IntegerField(**REFERENCE)
    channel = serializers.ChoiceField(OrderChannel.choices, required=False, default=OrderChannel.UNKNOWN)
    currency = _currency()
    discount_total = AmountField(required=False, default=Decimal(0))
    shipping_total = AmountField(required=False, default=Decimal(0))
    tax_total = AmountField(required=False, default=Decimal(0))
    total = AmountField(
        required=False, allow_null=True, default=None, help_text="Empty: lines − discount + shipping + tax."
    )
    is_test = serializers.BooleanField(required=False, default=False)


class OrderPatchSerializer(serializers.Serializer[Any]):
    """What may be changed of an order; lines are changed by sending the order again."""

    number = serializers.CharField(max_length=100, required=False)
    status = serializers.ChoiceField(OrderStatus.choices, required=False)
    channel = serializers.ChoiceField(OrderChannel.choices, required=False)
    customer_id = serializers.IntegerField(required=False, **ROW_ID)
    branch_id = serializers.IntegerField(required=False, **ROW_ID)
    is_test = serializers.BooleanField(required=False)


class OrderRowSerializer(serializers.ModelSerializer[Order]):
    """An order in the list."""

    subtotal = AmountField()
    discount_total = AmountField()
    shipping_total = AmountField()
    tax_total = AmountField()
    total = AmountField()
    paid_total = AmountField()
    refunded_total = AmountField()
    item_count = QuantityField()

    class Meta:
        model = Order
        fields: tuple[str, ...] = (
            "id", "number", "status", "placed_at", "customer_id", "customer_reference", "branch_id", "channel",
            "currency", "subtotal", "discount_total", "shipping_total", "tax_total", "total", "paid_total",
            "refunded_total", "item_count", "line_count", "is_test", "cancelled_at", "source", "external_id",
            "created_at", "updated_at",
        )  # fmt: skip


class LineSerializer(serializers.ModelSerializer[OrderLine]):
    """A line."""

    quantity = QuantityField()
    unit_price = AmountField()
    discount = AmountField()
    line_total = AmountField()

    class Meta:
        model = OrderLine
        fields = (
            "id", "line_number", "product_id", "description", "quantity", "unit_price", "discount", "line_total",
            "occurred_at",
        )  # fmt: skip


class OrderSerializer(OrderRowSerializer):
    """The whole order."""

    lines = serializers.SerializerMethodField()

    class Meta(OrderRowSerializer.Meta):
        fields = (*OrderRowSerializer.Meta.fields, "lines")

    @extend_schema_field(LineSerializer(many=True))
    def get_lines(self, order: Order) -> Any:
        """In their order."""
        return LineSerializer(order.lines.order_by("line_number"), many=True).data


class CancelSerializer(serializers.Serializer[Any]):
    """Why it is called off."""

    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class PaymentWriteSerializer(serializers.Serializer[Any]):
    """A payment in the order's currency. The same external id again changes nothing."""

    amount = AmountField()
    paid_at = MomentField()
    kind = serializers.ChoiceField(PaymentKind.choices, required=False, default=PaymentKind.OTHER)
    external_id = serializers.CharField(**KEY)
    source = serializers.CharField(**SOURCE)  # type: ignore[assignment]


class PaymentSerializer(serializers.ModelSerializer[Payment]):
    """A payment."""

    amount = AmountField()

    class Meta:
        model = Payment
        fields = ("id", "kind", "amount", "currency", "paid_at", "source", "external_id")


class RefundWriteSerializer(serializers.Serializer[Any]):
    """Money that went back; the amount is above zero. The same external id again changes nothing."""

    amount = AmountField(min_value=Decimal("0.0001"))
    refunded_at = MomentField()
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    external_id = serializers.CharField(**KEY)
    source = serializers.CharField(**SOURCE)  # type: ignore[assignment]


class RefundSerializer(serializers.ModelSerializer[Refund]):
    """A refund."""

    amount = AmountField()

    class Meta:
        model = Refund
        fields = ("id", "amount", "currency", "reason", "refunded_at", "source", "external_id")


class ItemAnswerSerializer(serializers.Serializer[Any]):
    """What became of one item of a list."""

    index = serializers.IntegerField()
    outcome = serializers.ChoiceField([(str(outcome), str(outcome)) for outcome in Outcome])
    id = serializers.IntegerField(required=False)
    external_id = serializers.CharField(required=False)
    code = serializers.CharField(required=False)
    errors = serializers.DictField(required=False)  # type: ignore[assignment]


class BulkAnswerSerializer(serializers.Serializer[Any]):
    """What became of a list: counts, and one answer for each item in its order."""

    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    rejected = serializers.IntegerField()
    results = ItemAnswerSerializer(many=True)


def bulk_of(row: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """The shape of a list of such items (for the schema)."""
    items = row(many=True, help_text=f"1 to {MOST_AT_ONCE}.")
    return type(
        f"{row.__name__.removesuffix('WriteSerializer')}BulkSerializer", (serializers.Serializer,), {"items": items}
    )


class OrderFilterSerializer(serializers.Serializer[Any]):
    """What narrows the list of orders."""

    number = serializers.CharField(required=False, default="", max_length=100, help_text="Its beginning.")
    status = serializers.ChoiceField(OrderStatus.choices, required=False, default="")
    customer_id = serializers.IntegerField(required=False, default=None, **ROW_ID)
    product_id = serializers.IntegerField(required=False, default=None, **ROW_ID)
    since = serializers.DateField(required=False, default=None, help_text="Placed on this day or later.")
    until = serializers.DateField(required=False, default=None, help_text="Placed until this day, included.")


class ProductFilterSerializer(serializers.Serializer[Any]):
    """What narrows the list of products."""

    q = serializers.CharField(required=False, default="", max_length=200, help_text="Words in name or article number.")
    category_id = serializers.IntegerField(
        required=False, default=None, **ROW_ID, help_text="With the categories below it."
    )
    is_active = serializers.BooleanField(required=False, default=None, allow_null=True)
