"""What is sold."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.commerce.models.fixed_point import MoneyField
from apps.commerce.models.imported import Sourced, Versioned
from apps.core.models import OwnedQuerySet
from apps.customers.models.key_field import KeyField


class CategoryQuerySet(OwnedQuerySet["Category"]):
    """Questions about categories."""

    def roots(self) -> Self:
        """Those that stand below no other."""
        return self.filter(parent=None)


class Category(Sourced, Versioned):
    """A kind of product; categories form a tree."""

    name = models.CharField(_("name"), max_length=200)
    parent = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("stands below"),
    )

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        constraints = [
            models.UniqueConstraint(fields=["organization", "source", "external_id"], name="category_once_per_source"),
            models.CheckConstraint(condition=~Q(parent=models.F("id")), name="category_not_its_own_parent"),
        ]
        indexes = [models.Index(fields=["organization", "name", "id"], name="category_by_name")]

    def __str__(self) -> str:
        return self.name


class ProductQuerySet(OwnedQuerySet["Product"]):
    """Questions about products."""

    def active(self) -> Self:
        """Those that are on sale."""
        return self.filter(is_active=True)

    def in_categories(self, category_ids: list[int]) -> Self:
        """Those of any of these categories."""
        return self.filter(category__in=category_ids)

    def matching(self, words: str) -> Self:
        """Those whose name or article number contains each word."""
        found = self
        for word in words.split():
            found = found.filter(Q(name__icontains=word) | Q(sku__icontains=word))
        return found


class Product(Sourced, Versioned):
    """An article. It is taken off sale, not deleted: order lines point to it."""

    name = models.CharField(_("name"), max_length=300)
    sku = KeyField(_("article number"), max_length=100, blank=True, default="", db_default="")
    category = models.ForeignKey(
        Category,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="products",
        verbose_name=_("category"),
        db_index=False,
    )
    price = MoneyField(_("price"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True, default="", db_default="")
    is_active = models.BooleanField(_("on sale"), default=True, db_default=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.UniqueConstraint(fields=["organization", "source", "external_id"], name="product_once_per_source")
        ]
        indexes = [
            models.Index(fields=["organization", "name", "id"], name="product_by_name"),
            models.Index(fields=["organization", "sku"], name="product_by_sku", condition=~Q(sku="")),
            models.Index(
                fields=["category", "name", "id"], name="product_of_category", condition=Q(category__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.name
