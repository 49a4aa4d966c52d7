"""A customer was there."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Membership
from apps.core.models import OrganizationOwned, OwnedQuerySet
from apps.customers.models.branch import Branch, StaffMember
from apps.customers.models.customer import Customer


class VisitSource(models.TextChoices):
    """Through which door the visit was recorded."""

    PAGE = "page", _("New visit page")
    API = "api", _("API")
    IMPORT = "import", _("Import")


class Visit(OrganizationOwned):
    """One visit: who, where, served by whom, what for."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="visits", db_index=False)
    branch = models.ForeignKey(
        Branch, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    staff_member = models.ForeignKey(StaffMember, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    purpose = models.CharField(_("purpose of visit"), max_length=200, blank=True)
    visited_at = models.DateTimeField(_("when"))
    created_by = models.ForeignKey(Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    source = models.CharField(_("recorded through"), max_length=10, choices=VisitSource.choices)
    form_key = models.CharField(max_length=64, null=True, blank=True, editable=False)  # noqa: DJ001  NULL is never a duplicate

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        constraints = [models.UniqueConstraint(fields=["organization", "form_key"], name="visit_form_once")]
        indexes = [
            models.Index(fields=["organization", "-visited_at", "-id"], name="visit_newest"),
            models.Index(fields=["organization", "branch", "-visited_at", "-id"], name="visit_of_branch"),
            # Led by the customer: it serves the customer's page and the deletion of a customer alike.
            models.Index(fields=["customer", "-visited_at", "-id"], name="visit_of_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.visited_at:%Y-%m-%d}"
