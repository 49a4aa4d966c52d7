"""Every domain row has an owner: the organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

from django.db import models

if TYPE_CHECKING:
    from apps.accounts.models import Organization

M = TypeVar("M", bound=models.Model, covariant=True)


class OwnedQuerySet(models.QuerySet[M]):
    """The start of every query that serves a request: `Model.objects.owned_by(request.organization)`."""

    def owned_by(self, organization: Organization | int) -> Self:
        """Only rows of this organisation; everybody else's do not exist for the caller."""
        return self.filter(organization=organization)


class OrganizationOwned(models.Model):
    """Base of every domain model. The organisation leads each index that serves a list.

    Each model states `objects = …QuerySet.as_manager()` itself (an `OwnedQuerySet` or a child of it).
    """

    # db_index=False: every list index starts with the organisation, a second one would only slow the writes.
    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, related_name="+", db_index=False, editable=False
    )

    class Meta:
        abstract = True
