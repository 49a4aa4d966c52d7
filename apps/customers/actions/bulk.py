"""Writing customers for other systems: one by their id, or many at once, each with an answer of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Membership, Organization
from apps.core.audit import Actor
from apps.core.refused import Refused
from apps.customers import identity as identity_rules
from apps.customers import normalise
from apps.customers.actions import fields, identity, record, tags
from apps.customers.actions.customer import CustomerDetails, create_customer, update_customer
from apps.customers.actions.privacy.returning import refuse_erased_id
from apps.customers.actions.search_terms import write_search_terms
from apps.customers.models import Customer, Identifier, IdentifierKind

MOST_ITEMS = 500
DETAILS = tuple(CustomerDetails.__dataclass_fields__)


@dataclass(frozen=True)
class Upserted:
    """What became of one item."""

    customer: Customer
    is_created: bool
    is_changed: bool


@dataclass(frozen=True)
class Answer:
    """What became of one item of many: `upserted`, or why it was refused."""

    upserted: Upserted | None = None
    refused: Refused | None = None


@transaction.atomic
def upsert_customer(
    organization: Organization, system: str, external_id: str, values: Mapping[str, Any], *, by: Actor, now: datetime
) -> Upserted:
    """Write the customer whom the system knows by this id: found by it, else by e-mail address, else made.

    `values`: some of the fields of `CustomerDetails`, `kind`, `custom`, `tags`. What is left out stays.
    Raises Refused (`bad_external_id`, or what the actions behind it raise).
    """
    seen = identity_rules.Seen(
        IdentifierKind.EXTERNAL, normalise.one_line(external_id), normalise.one_line(system).lower()
    )
    key = identity_rules.key_of(seen)
    if not seen.system or len(seen.system) > 50 or len(seen.value) > 254 or key is None:
        raise Refused(_("This is no id of a customer in a system."), code="bad_external_id", field="external_id")
    identity.lock(organization.pk, seen)
    customer = _known(organization, seen, values)
    version = customer.version if customer else None
    details = {name: values[name] for name in DETAILS if name in values}
    if customer is None:
        refuse_erased_id(organization.pk, (key.kind, key.value, key.system))
        customer = create_customer(
            CustomerDetails(**({"name": ""} | details)), organization=organization, by=by, now=now
        )
    else:
        customer = _with_details(customer, details, by, now)
    customer = identity.observe(customer, [seen], source=f"api:{seen.system}"[:100], by=by, now=now)
    customer = change_further(customer, values, by=by, now=now)
    if customer.version != version:
        write_search_terms(customer)
    return Upserted(customer, version is None, customer.version != version)


@transaction.atomic
def change_customer(customer: Customer, values: Mapping[str, Any], *, by: Actor, now: datetime) -> Customer:
    """Write what is named in `values` (see `upsert_customer`; also `owner_id`, `company_id`); the rest stays.

    Raises what the actions behind it raise, and Refused (`no_such_member`, `bad_company`).
    """
    details = {name: values[name] for name in DETAILS if name in values}
    return change_further(_with_details(customer, details, by, now), values, by=by, now=now)


def change_further(customer: Customer, values: Mapping[str, Any], *, by: Actor, now: datetime) -> Customer:
    """What `values` say beside name and addresses."""
    organization_id = customer.organization_id
    if "owner_id" in values:
        owner = Membership.objects.owned_by(organization_id).active().filter(pk=values["owner_id"]).first()
        if owner is None and values["owner_id"] is not None:
            raise Refused(_("There is no such member of the team."), code="no_such_member", field="owner_id")
        customer = record.set_owner(customer, owner, by=by, now=now)
    if "kind" in values or "company_id" in values:
        company_id = values.get("company_id", customer.company_id)
        company = Customer.objects.owned_by(organization_id).filter(pk=company_id).first()
        if company is None and company_id is not None:
            raise Refused(_("Choose a customer that is a company."), code="bad_company", field="company_id")
        kind = values.get("kind", customer.kind)
        customer = record.set_company(customer, kind=kind, company=company, by=by, now=now)
    if "custom" in values:
        customer = fields.set_fields(customer, values["custom"], by=by, now=now)
    if "tags" in values:
        tags.set_tags(customer, values["tags"], by=by, now=now)
    return Customer.objects.select_related("organization", "last_branch").get(pk=customer.pk)


def _with_details(customer: Customer, details: Mapping[str, Any], by: Actor, now: datetime) -> Customer:
    if not details:
        return customer
    stored = {name: getattr(customer, name) for name in DETAILS}
    return update_customer(customer, CustomerDetails(**{**stored, **details}), by=by, now=now)


def upsert_many(
    organization: Organization, items: Sequence[Mapping[str, Any]], *, by: Actor, now: datetime
) -> list[Answer]:
    """Write many, each in a transaction of its own and with an answer of its own, in their order."""
    answers = []
    for item in items:
        values = {name: value for name, value in item.items() if name not in ("system", "external_id")}
        try:
            with transaction.atomic():
                upserted = upsert_customer(organization, item["system"], item["external_id"], values, by=by, now=now)
        except Refused as refused:
            answers.append(Answer(refused=refused))
        else:
            answers.append(Answer(upserted=upserted))
    return answers


def _known(organization: Organization, seen: identity_rules.Seen, values: Mapping[str, Any]) -> Customer | None:
    known = Identifier.objects.owned_by(organization).live()
    found = known.named(IdentifierKind.EXTERNAL, seen.value, seen.system).select_related("customer").first()
    if found is None and (address := normalise.email(str(values.get("email", "")))):
        found = known.named(IdentifierKind.EMAIL, address).select_related("customer").first()
    return identity.head_of(found.customer) if found else None
