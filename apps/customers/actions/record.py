"""Changing what the record says besides name and addresses: owner, kind, company."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Membership
from apps.core import audit
from apps.core.audit import Actor
from apps.core.outbox import announce
from apps.core.refused import Refused
from apps.customers.actions import history
from apps.customers.events import CustomerUpdated
from apps.customers.models import Customer, CustomerKind


@transaction.atomic
def change_record(customer: Customer, values: Mapping[str, Any], *, by: Actor, now: datetime) -> Customer:
    """Write those of these columns that differ, with everything that follows; nothing happens when none does."""
    customer = Customer.objects.locked().get(pk=customer.pk)
    before = {name: getattr(customer, name) for name, value in values.items() if getattr(customer, name) != value}
    if not before:
        return customer
    for name in before:
        setattr(customer, name, values[name])
    customer.save(update_fields=[*before, *customer.touch(now)])
    after = {name: values[name] for name in before}
    audit.record(
        "customer.updated", by=by, organization_id=customer.organization_id, on=customer, before=before, after=after
    )
    tell_changed(customer, sorted(name.removesuffix("_id") for name in before), by=by, now=now)
    return customer


def tell_changed(
    customer: Customer, fields: list[str], *, by: Actor, now: datetime, is_on_timeline: bool = True
) -> None:
    """Tell the timeline and whoever listens that these fields changed."""
    change_id = secrets.token_hex(8)
    if is_on_timeline:
        history.tell_updated(customer, fields, change_id, by=by, now=now)
    announce(
        CustomerUpdated(
            organization_id=customer.organization_id, customer_id=customer.pk, change_id=change_id, fields=fields
        )
    )


def set_owner(customer: Customer, owner: Membership | None, *, by: Actor, now: datetime) -> Customer:
    """Say who looks after the customer. Raises Refused (`no_such_member`)."""
    if owner is not None and (owner.organization_id != customer.organization_id or not owner.is_active):
        raise Refused(_("There is no such member of the team."), code="no_such_member", field="owner")
    return change_record(customer, {"owner_id": owner.pk if owner else None}, by=by, now=now)


def set_company(customer: Customer, *, kind: str, company: Customer | None, by: Actor, now: datetime) -> Customer:
    """Say whether this is a person or a company, and for which company a person works.

    Raises Refused (`bad_kind`, `bad_company`).
    """
    if kind not in CustomerKind.values:
        raise Refused(_("A customer is a person or a company."), code="bad_kind", field="kind")
    if company is not None:
        company = company if company.merged_into_id is None else Customer.objects.get(pk=company.merged_into_id)
        is_fitting = company.kind == CustomerKind.COMPANY and company.organization_id == customer.organization_id
        if kind == CustomerKind.COMPANY or not is_fitting or company.pk == customer.pk:
            raise Refused(_("Choose a customer that is a company."), code="bad_company", field="company")
    if kind == CustomerKind.PERSON and Customer.objects.filter(company=customer.pk).exists():
        raise Refused(_("People belong to this company; take them out first."), code="bad_kind", field="kind")
    return change_record(customer, {"kind": kind, "company_id": company.pk if company else None}, by=by, now=now)


@transaction.atomic
def set_relations(
    customer: Customer, *, owner: Membership | None, kind: str, company: Customer | None, by: Actor, now: datetime
) -> Customer:
    """Owner, kind and company at once. Raises what `set_owner` and `set_company` raise."""
    customer = set_owner(customer, owner, by=by, now=now)
    return set_company(customer, kind=kind, company=company, by=by, now=now)
