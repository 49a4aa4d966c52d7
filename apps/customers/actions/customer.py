"""Making and changing the record."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Organization
from apps.core import audit
from apps.core.audit import Actor
from apps.core.outbox import announce
from apps.core.refused import Refused
from apps.customers import normalise
from apps.customers.actions import history, identity
from apps.customers.actions.privacy.returning import refuse_erased
from apps.customers.actions.search_terms import write_search_terms
from apps.customers.events import CustomerCreated, CustomerUpdated
from apps.customers.identity import EMAIL, PHONE, Seen
from apps.customers.models import Customer, Identifier, IdentifierKind

SEARCHABLE = {"name", "email", "mobile"}
COLUMN_OF = {EMAIL: "email", PHONE: "mobile"}
# The source of what somebody typed into the record.
RECORD = "record"


@dataclass(frozen=True)
class CustomerDetails:
    """What is known of a customer, as typed."""

    name: str
    email: str = ""
    mobile: str = ""
    language: str = ""
    time_zone: str = ""
    preferred_channel: str = ""

    def normalised(self, country: str) -> CustomerDetails:
        """The same in the one way in which it is stored.

        Raises Refused (`name_missing`, `name_too_long`, `bad_email`, `bad_mobile`), each with its field.
        """
        name = normalise.one_line(self.name)
        if not name:
            raise Refused(_("Enter the customer's name."), code="name_missing", field="name")
        if len(name) > 200:
            raise Refused(_("This name is too long: at most 200 characters."), code="name_too_long", field="name")
        return CustomerDetails(
            name,
            normalise.email(self.email),
            normalise.mobile(self.mobile, country=country),
            self.language,
            self.time_zone,
            self.preferred_channel,
        )


@transaction.atomic
def create_customer(
    details: CustomerDetails,
    *,
    organization: Organization,
    by: Actor,
    now: datetime,
    country: str = "",
    has_come_back: bool = False,
) -> Customer:
    """Make the record; returns the head of the customer to whom it belongs: it may be known by its number.

    `has_come_back`: staff state that an erased customer returned by themselves.
    Raises Refused (`email_taken`, `erased` or what `CustomerDetails.normalised` raises).
    """
    details = details.normalised(country or organization.country)
    refuse_erased(
        organization.pk, email=details.email, mobile=details.mobile, has_come_back=has_come_back, by=by, now=now
    )
    customer = Customer(organization=organization, created_at=now, updated_at=now, **vars(details))
    names = names_of(customer)
    _claim_email(customer, names)
    customer.save(force_insert=True)
    is_known = identity.note(customer, names, source=RECORD, now=now)
    write_search_terms(customer)
    audit.record("customer.created", by=by, organization_id=organization.pk, on=customer)
    history.tell_created(customer, by=by, now=now)
    announce(CustomerCreated(organization_id=organization.pk, customer_id=customer.pk))
    if is_known and identity.resolve(organization.pk, [customer.pk], by=by, now=now).merged:
        return identity.head_of(customer)
    return customer


@transaction.atomic
def update_customer(
    customer: Customer, details: CustomerDetails, *, by: Actor, now: datetime, country: str = ""
) -> Customer:
    """Change what differs; nothing happens when nothing does.

    Raises Refused (`email_taken` or what `CustomerDetails.normalised` raises).
    """
    customer = Customer.objects.locked().get(pk=customer.pk)
    wanted = vars(details.normalised(country or customer.organization.country))
    before = {name: getattr(customer, name) for name, value in wanted.items() if getattr(customer, name) != value}
    if not before:
        return customer
    for name in before:
        setattr(customer, name, wanted[name])
    names = [seen for seen in names_of(customer) if COLUMN_OF[seen.kind] in before]
    if "email" in before:
        _claim_email(customer, names)
        refuse_erased(customer.organization_id, email=customer.email, mobile="", has_come_back=False, by=by, now=now)
    customer.save(update_fields=[*before, *customer.touch(now)])
    _correct_identity(customer, before, names, by=by, now=now)
    if SEARCHABLE & before.keys():
        write_search_terms(customer)
    after = {name: wanted[name] for name in before}
    audit.record(
        "customer.updated", by=by, organization_id=customer.organization_id, on=customer, before=before, after=after
    )
    change_id, fields = secrets.token_hex(8), sorted(before)
    history.tell_updated(customer, fields, change_id, by=by, now=now)
    announce(
        CustomerUpdated(
            organization_id=customer.organization_id,
            customer_id=customer.pk,
            change_id=change_id,
            fields=fields,
        )
    )
    touched = [customer.pk] if names or customer.own is not None else []
    if identity.resolve(customer.organization_id, touched, by=by, now=now).merged or customer.own is not None:
        return identity.head_of(customer)
    return customer


def names_of(customer: Customer) -> list[Seen]:
    """The names that stand in the record's own columns."""
    both = (Seen(kind, getattr(customer, column)) for kind, column in COLUMN_OF.items())
    return [seen for seen in both if seen.value]


def _correct_identity(
    customer: Customer, before: Mapping[str, str], names: list[Seen], *, by: Actor, now: datetime
) -> None:
    """Note the new addresses, and that those which were corrected name this record no longer."""
    if customer.own is not None:
        _empty_members(customer, before, now)
    for kind, column in COLUMN_OF.items():
        if before.get(column):
            identity.retire(customer, Seen(kind, before[column]), by=by, now=now)
    if names:
        identity.note(customer, names, source=RECORD, now=now, is_insisting=True)


def _empty_members(customer: Customer, before: Mapping[str, str], now: datetime) -> None:
    """What somebody empties must not come back from another record of the customer."""
    emptied = [name for name in before if not getattr(customer, name)]
    for member in Customer.objects.select_for_update(no_key=True).filter(merged_into=customer.pk).order_by("pk"):
        wrong = [name for name in emptied if getattr(member, name) == before[name]]
        for name in wrong:
            setattr(member, name, "")
        if wrong:
            member.save(update_fields=[*wrong, *member.touch(now)])


def _claim_email(customer: Customer, names: list[Seen]) -> None:
    """Raises Refused (`email_taken`) when another customer has the address; nobody else can take it meanwhile."""
    identity.lock(customer.organization_id, *names)
    if not customer.email:
        return
    seen = Identifier.objects.owned_by(customer.organization_id).live().named(IdentifierKind.EMAIL, customer.email)
    if customer.pk is not None:
        seen = seen.exclude(customer__in=customer.member_ids)
    if seen.exists():
        raise Refused(_("Another customer has this e-mail address."), code="email_taken", field="email")
