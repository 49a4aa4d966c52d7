"""Who the customer is."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Case, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Membership
from apps.core.models import OrganizationOwned, OwnedQuerySet
from apps.customers.models.branch import Branch
from apps.customers.models.consent import Channel, ConsentAction, ConsentEntry, Purpose
from apps.customers.models.search_term import SearchTerm

if TYPE_CHECKING:
    from apps.accounts.models import Organization


class CustomerKind(models.TextChoices):
    """A human being or an organisation."""

    PERSON = "person", _("Person")
    COMPANY = "company", _("Company")


class PreferredChannel(models.TextChoices):
    """How the customer likes to hear from us."""

    NONE = "", _("No preference")
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")
    WHATSAPP = "whatsapp", _("WhatsApp")
    PHONE = "phone", _("Phone")


class CustomerQuerySet(OwnedQuerySet["Customer"]):
    """Questions about customers."""

    def owned_by(self, organization: Organization | int) -> Self:
        """Only customers of this organisation; one who is being erased is gone for everybody from its first moment."""
        return super().owned_by(organization).filter(is_being_erased=False)

    def heads(self) -> Self:
        """One row for each customer: records that were merged into another one are left out."""
        return self.filter(merged_into=None)

    def usable(self) -> Self:
        """Those whose data may be used: exported, mailed, handed on (not restricted, GDPR article 18)."""
        return self.filter(is_restricted=False)

    def same_as(self, head: Customer | int) -> Self:
        """Every record of the customer of whom this is the head, itself included."""
        pk = head if isinstance(head, int) else head.pk
        return self.filter(Q(pk=pk) | Q(merged_into=pk))

    def locked(self) -> Self:
        """Held until the transaction ends; the organisation's row is not, nor does who only refers to them wait."""
        return self.select_for_update(of=("self",), no_key=True).select_related("organization")

    def matching(self, organization: Organization | int, words: list[str]) -> Self:
        """Those of whom each (normalised) word begins a word of the name, the e-mail address or the number."""
        found = self
        for word in words:
            terms = SearchTerm.objects.owned_by(organization).beginning_with(word)
            # What another record of the customer says finds the head.
            found = found.filter(pk__in=terms.values(head=Coalesce("customer__merged_into", "customer")))
        return found

    def last_seen_at(self, branch: Branch | int) -> Self:
        """Those whose last visit was to this branch."""
        return self.filter(last_branch=branch)

    def consenting(self, purpose: str, channel: str, *, is_given: bool = True) -> Self:
        """Those whose last word on the purpose and channel was yes; with `is_given=False`, all others."""
        said = self.annotate(last_word=_last_word(purpose, channel))
        yes = Q(last_word=ConsentAction.GIVEN)
        return said.filter(yes) if is_given else said.filter(Q(last_word=None) | ~yes)

    def with_survey_consent(self) -> Self:
        """Each with `says_yes`: whether they agreed to surveys by e-mail."""
        last = _last_word(Purpose.SURVEY, Channel.EMAIL)
        yes = Case(When(Q(last_survey_word=ConsentAction.GIVEN), then=True), default=False)
        return self.annotate(last_survey_word=last).annotate(says_yes=yes)


def _last_word(purpose: str, channel: str) -> Case:
    """What the customer said last, as any of its records has it. Only heads of several have more to read than one."""
    entries = ConsentEntry.objects.filter(purpose=purpose, channel=channel).newest_first().values("action")
    head = OuterRef(OuterRef("pk"))
    records = Customer.objects.filter(Q(pk=head) | Q(merged_into=head))
    return Case(
        When(own=None, then=Subquery(entries.filter(customer=OuterRef("pk"))[:1])),
        default=Subquery(entries.filter(customer__in=records.values("pk"))[:1]),
    )


class Customer(OrganizationOwned):
    """One record of a customer. E-mail and mobile are stored normalised; every change goes through `actions`.

    Several records can be one customer: then all but one, the head, say into which they are `merged_into` (always the
    head itself, never a chain), and everything that points to a record stays there. The columns of a head with members
    show the customer as a whole; `own` keeps what its own record says, so that a split gives it back. Who serves a
    request asks for `heads()` and reads what belongs to a customer by `member_ids`.

    `version` grows with every change of the record and of what its list row shows.
    """

    kind = models.CharField(_("kind"), max_length=10, choices=CustomerKind.choices, default=CustomerKind.PERSON)
    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(_("e-mail"), blank=True)
    mobile = models.CharField(_("mobile"), max_length=16, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    preferred_channel = models.CharField(
        _("preferred channel"), max_length=10, choices=PreferredChannel.choices, blank=True
    )
    last_visited_at = models.DateTimeField(_("last visit"), null=True, blank=True, editable=False)
    last_branch = models.ForeignKey(
        Branch, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+", db_index=False
    )
    owner = models.ForeignKey(
        Membership,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("looked after by"),
    )
    company = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="people", verbose_name=_("company")
    )
    custom = models.JSONField(_("own fields"), default=dict, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="members", editable=False, db_index=False
    )
    own = models.JSONField(null=True, blank=True, editable=False)
    is_restricted = models.BooleanField(
        _("restricted"), default=False, editable=False, help_text=_("The data is kept and not used (GDPR article 18).")
    )
    is_being_erased = models.BooleanField(default=False, db_default=False, editable=False)
    created_at = models.DateTimeField(_("since"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        indexes = [
            models.Index(fields=["organization", "email"], name="customer_email", condition=~Q(email="")),
            models.Index(fields=["merged_into"], name="customer_members", condition=Q(merged_into__isnull=False)),
            # Lists show heads: records that were merged into another one are in no index that serves a list.
            models.Index(
                fields=["organization", "-created_at", "-id"],
                name="customer_newest",
                condition=Q(merged_into__isnull=True),
            ),
            models.Index(
                fields=["organization", "last_branch", "-created_at", "-id"],
                name="customer_of_branch",
                condition=Q(merged_into__isnull=True),
            ),
            models.Index(fields=["organization", "mobile"], name="customer_mobile", condition=~Q(mobile="")),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.mobile or gettext("No. %(number)s") % {"number": self.pk}

    @property
    def head_id(self) -> int:
        """The record that speaks for the customer."""
        return self.merged_into_id or self.pk

    @property
    def member_ids(self) -> list[int]:
        """The records that are this customer, the head first. A page that asks often prefetches `members`."""
        if self.own is None and self.merged_into_id is None:
            return [self.pk]
        head = self.merged_into or self
        return [head.pk, *sorted(member.pk for member in head.members.all())]

    @property
    def first_name(self) -> str:
        """The first word of the name: how a letter addresses them."""
        return self.name.split()[0] if self.name.split() else ""

    def touch(self, now: datetime) -> list[str]:
        """Note that the record changed at `now`; returns the fields to save with the change."""
        self.updated_at, self.version = now, self.version + 1
        return ["updated_at", "version"]
