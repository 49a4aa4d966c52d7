"""What was bought."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.commerce.models.fixed_point import MoneyField, QuantityField
from apps.commerce.models.imported import Sourced, Versioned
from apps.commerce.models.product import Product
from apps.core.models import OrganizationOwned, OwnedQuerySet
from apps.core.status import StatusChoices
from apps.customers.models import Branch, Customer
from apps.customers.models.key_field import KeyField


class OrderStatus(StatusChoices):
    """How far an order is. What was paid and refunded stands in its sums."""

    PENDING = "pending", "neutral", "clock", _("Pending")
    PROCESSING = "processing", "info", "settings", _("In progress")
    SHIPPED = "shipped", "info", "send", _("Shipped")
    COMPLETED = "completed", "good", "check", _("Completed")
    CANCELLED = "cancelled", "bad", "x", _("Cancelled")


class OrderChannel(models.TextChoices):
    """Where it was ordered."""

    UNKNOWN = "", _("Unknown")
    ONLINE = "online", _("Online shop")
    STORE = "store", _("In store")
    PHONE = "phone", _("Phone")
    MARKETPLACE = "marketplace", _("Marketplace")


class OrderQuerySet(OwnedQuerySet["Order"]):
    """Questions about orders."""

    def placed_between(self, since: datetime | None, until: datetime | None) -> Self:
        """Placed at `since` or later and before `until`; None leaves a side open."""
        found = self
        if since is not None:
            found = found.filter(placed_at__gte=since)
        if until is not None:
            found = found.filter(placed_at__lt=until)
        return found

    def counting(self) -> Self:
        """Those that count as sales: neither cancelled nor a test."""
        return self.filter(is_test=False).exclude(status=OrderStatus.CANCELLED)

    def of_customer(self, member_ids: Iterable[int]) -> Self:
        """Those of one customer, who may be several records: pass `customer.member_ids`."""
        return self.filter(customer__in=list(member_ids))

    def with_product(self, product: Product | int) -> Self:
        """Those with at least one line of this product."""
        lines = OrderLine.objects.filter(product=product)
        return self.filter(pk__in=lines.values("order"))

    def numbered(self, beginning: str) -> Self:
        """Those whose number begins like this."""
        return self.filter(number__gte=beginning, number__lt=f"{beginning}\U0010ffff") if beginning else self


class Order(Sourced, Versioned):
    """One order. `customer` is the record it came with and stays when records merge; an order may have none.

    `total` is what the customer owes: lines less discounts, with shipping and tax where the source adds them. A credit
    note is an order with a negative total. Sums over orders filter one currency.
    """

    customer = models.ForeignKey(
        Customer,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="orders",
        verbose_name=_("customer"),
        db_index=False,
    )
    customer_reference = KeyField(
        _("customer's id in the source"), max_length=100, blank=True, default="", db_default=""
    )
    number = KeyField(_("number"), max_length=100)
    status = models.CharField(
        _("status"),
        max_length=20,
        choices=OrderStatus.choices,
        default=OrderStatus.COMPLETED,
        db_default=OrderStatus.COMPLETED,
    )
    placed_at = models.DateTimeField(_("placed"))
    branch = models.ForeignKey(
        Branch,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("branch"),
        db_index=False,
    )
    channel = models.CharField(
        _("channel"), max_length=20, choices=OrderChannel.choices, blank=True, default="", db_default=""
    )
    currency = models.CharField(_("currency"), max_length=3)
    subtotal = MoneyField(_("lines"), default=Decimal(0), db_default=0)
    discount_total = MoneyField(_("discount"), default=Decimal(0), db_default=0)
    shipping_total = MoneyField(_("shipping"), default=Decimal(0), db_default=0)
    tax_total = MoneyField(_("tax on top"), default=Decimal(0), db_default=0)
    total = MoneyField(_("total"), default=Decimal(0), db_default=0)
    paid_total = MoneyField(_("paid"), default=Decimal(0), db_default=0, editable=False)
    refunded_total = MoneyField(_("refunded"), default=Decimal(0), db_default=0, editable=False)
    item_count = QuantityField(_("items"), default=Decimal(0), db_default=0, editable=False)
    line_count = models.PositiveIntegerField(_("number of lines"), default=0, db_default=0, editable=False)
    is_test = models.BooleanField(_("test order"), default=False, db_default=False)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True, editable=False)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.UniqueConstraint(fields=["organization", "source", "external_id"], name="order_once_per_source")
        ]
        indexes = [
            models.Index(fields=["organization", "-placed_at", "-id"], name="order_newest"),
            models.Index(fields=["organization", "status", "-placed_at", "-id"], name="order_of_status"),
            models.Index(fields=["organization", "number"], name="order_by_number"),
            # Led by the customer: it serves the customer's page, the sums per customer and the deletion of a customer.
            models.Index(
                fields=["customer", "-placed_at", "-id"], name="order_of_customer", condition=Q(customer__isnull=False)
            ),
            models.Index(
                fields=["organization", "source", "customer_reference"],
                name="order_awaits_customer",
                condition=Q(customer=None) & ~Q(customer_reference=""),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def status_choice(self) -> OrderStatus:
        """The status with its tone and icon."""
        return OrderStatus(self.status)

    @property
    def net_total(self) -> Decimal:
        """What stays after refunds."""
        return self.total - self.refunded_total

    @property
    def is_cancelled(self) -> bool:
        """Whether it was called off."""
        return self.status == OrderStatus.CANCELLED

    @property
    def counts(self) -> bool:
        """Whether it counts as a sale."""
        return not self.is_cancelled and not self.is_test


class OrderLineQuerySet(OwnedQuerySet["OrderLine"]):
    """Questions about lines."""

    def occurred_between(self, since: datetime | None, until: datetime | None) -> Self:
        """Sold at `since` or later and before `until`; None leaves a side open."""
        found = self
        if since is not None:
            found = found.filter(occurred_at__gte=since)
        if until is not None:
            found = found.filter(occurred_at__lt=until)
        return found

    def counting(self) -> Self:
        """Lines of orders that count as sales."""
        return self.filter(order__is_test=False).exclude(order__status=OrderStatus.CANCELLED)


class OrderLine(OrganizationOwned):
    """One line of an order. A negative quantity came back; zero is a remark or a gift that was taken off.

    `occurred_at` is the order's moment unless the source knows better; it stands here so that sums over days and
    products need no join. The natural key is (order, line_number).
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines", db_index=False)
    line_number = models.PositiveIntegerField(_("line"))
    product = models.ForeignKey(
        Product,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="lines",
        verbose_name=_("product"),
        db_index=False,
    )
    description = models.CharField(_("what"), max_length=300, blank=True, default="", db_default="")
    quantity = QuantityField(_("quantity"))
    unit_price = MoneyField(_("unit price"))
    discount = MoneyField(_("discount"), default=Decimal(0), db_default=0)
    line_total = MoneyField(_("line total"))
    occurred_at = models.DateTimeField(_("when"))
    row_hash = models.BigIntegerField(null=True, blank=True, editable=False)
    import_run_id = models.BigIntegerField(null=True, blank=True, editable=False)

    objects = OrderLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        constraints = [models.UniqueConstraint(fields=["order", "line_number"], name="line_once_per_order")]
        indexes = [
            # Led by the product: it serves the product's page and the deletion of a product.
            models.Index(
                fields=["product", "-occurred_at", "-id"], name="line_of_product", condition=Q(product__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.order_id}, {self.line_number}"
