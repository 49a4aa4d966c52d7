"""Searches that a person keeps: the rule, who sees it, who is told of newcomers."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Membership
from apps.core.models import OrganizationOwned, OwnedQuerySet


class SavedSearchQuerySet(OwnedQuerySet["SavedSearch"]):
    """Questions about saved searches."""

    def visible_to(self, member: Membership) -> Self:
        """The member's own and those shared with the team."""
        return self.filter(organization=member.organization_id).filter(Q(owner=member) | Q(is_shared=True))


class SavedSearch(OrganizationOwned):
    """A named rule over customers, in the language of `customers.rules`."""

    name = models.CharField(_("name"), max_length=100)
    rule = models.JSONField(_("rule"), default=dict)
    owner = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+", verbose_name=_("made by"))
    is_shared = models.BooleanField(_("shared with the team"), default=False)
    created_at = models.DateTimeField(_("made"))
    updated_at = models.DateTimeField(_("changed"))

    objects = SavedSearchQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved search")
        verbose_name_plural = _("saved searches")
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_search_name_once")]
        indexes = [models.Index(fields=["organization", "name"], name="saved_search_by_name")]

    def __str__(self) -> str:
        return self.name


class SearchSubscription(OrganizationOwned):
    """A member hears by mail who newly fits a saved search."""

    search = models.ForeignKey(SavedSearch, on_delete=models.CASCADE, related_name="subscriptions", db_index=False)
    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    seen = models.JSONField(_("ids already told"), default=list, editable=False)
    next_at = models.DateTimeField(_("next look"), db_index=True)
    created_at = models.DateTimeField(_("since"))

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscription to a search")
        verbose_name_plural = _("subscriptions to searches")
        constraints = [models.UniqueConstraint(fields=["search", "member"], name="search_subscription_once")]

    def __str__(self) -> str:
        return f"{self.search_id}: {self.member_id}"
