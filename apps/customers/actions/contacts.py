"""Further addresses and numbers of a customer, and which of them is the first."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.audit import Actor
from apps.core.refused import Refused
from apps.customers import normalise
from apps.customers.actions import identity
from apps.customers.actions.customer import CustomerDetails, update_customer
from apps.customers.actions.search_terms import write_search_terms
from apps.customers.identity import Seen
from apps.customers.models import Customer, Identifier, IdentifierKind

KINDS = {"email": IdentifierKind.EMAIL, "phone": IdentifierKind.PHONE}
COLUMNS = {"email": "email", "phone": "mobile"}
MOST = 5


@transaction.atomic
def add_contact(customer: Customer, kind: str, value: str, *, by: Actor, now: datetime) -> Customer:
    """Note a further address or number; the first one of its kind becomes the primary.

    Raises Refused (`bad_contact`, `bad_email`, `bad_mobile`, `email_taken`, `too_many`).
    """
    customer = Customer.objects.locked().get(pk=customer.pk)
    value = _value(customer, kind, value)
    if not getattr(customer, COLUMNS[kind]):
        return _with_primary(customer, kind, value, by, now)
    known = Identifier.objects.owned_by(customer.organization_id).live().named(KINDS[kind], value)
    if known.filter(customer__in=customer.member_ids).exists():
        return customer
    if kind == "email" and known.exists():
        raise Refused(_("Another customer has this e-mail address."), code="email_taken", field="value")
    if customer.identifiers.live().filter(kind=KINDS[kind]).count() >= MOST:
        raise Refused(_("There are %(most)d of them already.") % {"most": MOST}, code="too_many", field="value")
    seen = [Seen(KINDS[kind], value)]
    head = identity.observe(customer, seen, source="record", by=by, now=now, is_insisting=True)
    return _touched(head, now)


@transaction.atomic
def make_primary(customer: Customer, contact: Identifier, *, by: Actor, now: datetime) -> Customer:
    """Let this address or number stand in the record; the one that stood there stays as a further one.

    Raises Refused (`bad_contact`, `email_taken`).
    """
    customer = Customer.objects.locked().get(pk=customer.pk)
    kind = {stored: word for word, stored in KINDS.items()}.get(IdentifierKind(contact.kind))
    if kind is None or contact.revoked_at is not None or contact.customer_id not in customer.member_ids:
        raise Refused(_("This is none of the customer's addresses or numbers."), code="bad_contact", field="value")
    before = getattr(customer, COLUMNS[kind])
    if before == contact.value:
        return customer
    customer = _with_primary(customer, kind, contact.value, by, now)
    if before:
        # A corrected address names the record no longer; one that only stepped back still does.
        seen = [Seen(KINDS[kind], before)]
        customer = identity.observe(customer, seen, source="record", by=by, now=now, is_insisting=True)
    return _touched(customer, now)


@transaction.atomic
def remove_contact(customer: Customer, contact: Identifier, *, by: Actor, now: datetime) -> Customer:
    """Note that a further address or number is not theirs. Raises Refused (`bad_contact`, `is_primary`)."""
    customer = Customer.objects.locked().get(pk=customer.pk)
    kind = {stored: word for word, stored in KINDS.items()}.get(IdentifierKind(contact.kind))
    if kind is None or contact.revoked_at is not None or contact.customer_id not in customer.member_ids:
        raise Refused(_("This is none of the customer's addresses or numbers."), code="bad_contact", field="value")
    if getattr(customer, COLUMNS[kind]) == contact.value:
        words = _("This is the primary one: choose another one first, or change it under Edit.")
        raise Refused(words, code="is_primary", field="value")
    record = Customer.objects.get(pk=contact.customer_id)
    identity.retire(record, Seen(KINDS[kind], contact.value), by=by, now=now)
    identity.resolve(customer.organization_id, customer.member_ids, by=by, now=now)
    return _touched(Customer.objects.get(pk=customer.pk), now)


def contacts_of(customer: Customer) -> list[Identifier]:
    """The live addresses and numbers of all records of the customer, each value once, the oldest first."""
    return [each for each in names_of(customer) if each.kind in KINDS.values()]


def names_of(customer: Customer) -> list[Identifier]:
    """As `contacts_of`, with the ids of other systems among them."""
    kinds = [*KINDS.values(), IdentifierKind.EXTERNAL]
    known = Identifier.objects.live().filter(customer__in=customer.member_ids, kind__in=kinds).order_by("id")
    by_value: dict[tuple[str, str, str], Identifier] = {}
    for each in known:
        by_value.setdefault((each.kind, each.system, each.value), each)
    return list(by_value.values())


def _value(customer: Customer, kind: str, value: str) -> str:
    if kind not in KINDS:
        raise Refused(_("Choose e-mail or phone."), code="bad_contact", field="kind")
    if kind == "email":
        value = normalise.email(value)
    else:
        value = normalise.mobile(value, country=customer.organization.country)
    if not value:
        raise Refused(_("Enter an address or a number."), code="bad_contact", field="value")
    return value


def _with_primary(customer: Customer, kind: str, value: str, by: Actor, now: datetime) -> Customer:
    stored = {name: getattr(customer, name) for name in CustomerDetails.__dataclass_fields__}
    return update_customer(customer, CustomerDetails(**(stored | {COLUMNS[kind]: value})), by=by, now=now)


def _touched(customer: Customer, now: datetime) -> Customer:
    customer.save(update_fields=customer.touch(now))
    write_search_terms(customer)
    return customer


@transaction.atomic
def write_contact(customer: Customer, kind: str, value: str, *, is_primary: bool, by: Actor, now: datetime) -> Customer:
    """Add an address or number and, where asked, let it be the primary. Raises what the two raise."""
    head = add_contact(customer, kind, value, by=by, now=now)
    if not is_primary:
        return head
    wanted = _value(Customer.objects.select_related("organization").get(pk=head.pk), kind, value)
    contact = next((each for each in contacts_of(head) if (each.kind, each.value) == (KINDS[kind], wanted)), None)
    return head if contact is None else make_primary(head, contact, by=by, now=now)
