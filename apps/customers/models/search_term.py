"""By what a customer is found while somebody types."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import OrganizationOwned, OwnedQuerySet
from apps.customers.models.key_field import LAST, KeyField


class SearchTermQuerySet(OwnedQuerySet["SearchTerm"]):
    """Questions about terms."""

    def beginning_with(self, word: str) -> Self:
        """Terms that begin with this normalised word."""
        return self.filter(term__gte=word, term__lt=word + LAST)


class SearchTerm(OrganizationOwned):
    """One normalised word of a name, an e-mail address, or one way to write a number.

    Written by `actions.customer` with the record, so that a beginning of any of them is one range of one index.
    """

    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="+", db_index=False)
    term = KeyField(max_length=254)

    objects = SearchTermQuerySet.as_manager()

    class Meta:
        verbose_name = _("search term")
        verbose_name_plural = _("search terms")
        constraints = [models.UniqueConstraint(fields=["customer", "term"], name="search_term_once")]
        indexes = [models.Index(fields=["organization", "term", "customer"], name="search_term_prefix")]

    def __str__(self) -> str:
        return self.term
