"""Keeping the words by which a customer is found in agreement with the record."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from apps.customers import search
from apps.customers.models import Customer, Identifier, IdentifierKind, SearchTerm

# A device's random id is nothing that anybody types.
FOUND_BY = [IdentifierKind.EMAIL, IdentifierKind.PHONE, IdentifierKind.EXTERNAL, IdentifierKind.USER_ID]


def write_search_terms(customer: Customer) -> None:
    """Make the terms of one record agree with it, its identifiers and its searchable fields."""
    write_search_terms_of([customer])


def write_search_terms_of(customers: Iterable[Customer]) -> None:
    """The same for many records of one organisation. A customer of several records is found by the words of all."""
    heads = {customer.merged_into_id or customer.pk for customer in customers}
    records = list(Customer.objects.filter(Q(pk__in=heads) | Q(merged_into__in=heads)).order_by("pk"))
    if not records:
        return
    organization_id = records[0].organization_id
    names: dict[int, list[tuple[str, str]]] = {each.pk: [] for each in records}
    known = Identifier.objects.live().filter(customer__in=names, kind__in=FOUND_BY).order_by("id")
    for pk, kind, value in known.values_list("customer_id", "kind", "value"):
        names[pk].append((kind, value))
    keys = search.searchable_keys(organization_id) if any(each.custom for each in records) else []
    stored: dict[tuple[int, str], int] = {
        (pk, term): row
        for row, pk, term in SearchTerm.objects.filter(customer__in=names).values_list("id", "customer_id", "term")
    }
    wanted = {
        (each.merged_into_id or each.pk, term)
        for each in records
        for term in search.terms_of(each, names[each.pk], keys)
    }
    if gone := [row for each, row in stored.items() if each not in wanted]:
        SearchTerm.objects.filter(pk__in=gone).delete()
    SearchTerm.objects.bulk_create(
        [
            SearchTerm(organization_id=organization_id, customer_id=pk, term=term)
            for pk, term in sorted(wanted - stored.keys())
        ]
    )
