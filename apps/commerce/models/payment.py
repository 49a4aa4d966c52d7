"""Money that came, and money that went back."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.commerce.models.fixed_point import MoneyField
from apps.commerce.models.imported import Sourced
from apps.commerce.models.order import Order
from apps.core.models import OwnedQuerySet
from apps.customers.models.key_field import KeyField


class PaymentKind(models.TextChoices):
    """How it was paid."""

    CARD = "card", _("Credit card")
    DEBIT_CARD = "debit_card", _("Debit card")
    TRANSFER = "transfer", _("Bank transfer")
    SLIP = "slip", _("Payment slip")
    VOUCHER = "voucher", _("Voucher")
    WALLET = "wallet", _("Wallet")
    CASH = "cash", _("Cash")
    OTHER = "other", _("Other")


class PaymentQuerySet(OwnedQuerySet["Payment"]):
    """Questions about payments."""

    def paid_between(self, since: datetime | None, until: datetime | None) -> Self:
        """Paid at `since` or later and before `until`; None leaves a side open."""
        found = self
        if since is not None:
            found = found.filter(paid_at__gte=since)
        if until is not None:
            found = found.filter(paid_at__lt=until)
        return found

    def waiting(self) -> Self:
        """Those whose order has not come yet."""
        return self.filter(order=None)


class Payment(Sourced):
    """One payment. Files bring payments of orders that have not come: then `order` is empty and `order_reference`
    (the order's id in the same source) joins them when it comes."""

    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, null=True, blank=True, related_name="payments", db_index=False
    )
    order_reference = KeyField(_("order's id in the source"), max_length=100, blank=True, default="", db_default="")
    kind = models.CharField(_("paid by"), max_length=20, choices=PaymentKind.choices, default=PaymentKind.OTHER)
    amount = MoneyField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.UniqueConstraint(fields=["organization", "source", "external_id"], name="payment_once_per_source")
        ]
        indexes = [
            models.Index(fields=["order", "id"], name="payment_of_order", condition=Q(order__isnull=False)),
            models.Index(
                fields=["organization", "source", "order_reference"],
                name="payment_awaits_order",
                condition=Q(order=None) & ~Q(order_reference=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class Refund(Sourced):
    """Money that went back; `amount` is positive. Without its order it waits as a payment does."""

    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, null=True, blank=True, related_name="refunds", db_index=False
    )
    order_reference = KeyField(_("order's id in the source"), max_length=100, blank=True, default="", db_default="")
    amount = MoneyField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    reason = models.CharField(_("reason"), max_length=300, blank=True, default="", db_default="")
    refunded_at = models.DateTimeField(_("refunded"))

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.UniqueConstraint(fields=["organization", "source", "external_id"], name="refund_once_per_source"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_is_positive"),
        ]
        indexes = [
            models.Index(fields=["order", "id"], name="refund_of_order", condition=Q(order__isnull=False)),
            models.Index(
                fields=["organization", "source", "order_reference"],
                name="refund_awaits_order",
                condition=Q(order=None) & ~Q(order_reference=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
