"""Keeping the words by which a customer is found in agreement with the record."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from apps.customers import search
from apps.customers.actions.many import rows, select, table
from apps.customers.models import Customer, Identifier, IdentifierKind, SearchTerm

_CHUNK = 1000
_COLUMNS = ("organization", "merged_into", "name", "email", "mobile", "custom")
# A device's random id is nothing that anybody types.
FOUND_BY = [IdentifierKind.EMAIL, IdentifierKind.PHONE, IdentifierKind.EXTERNAL, IdentifierKind.USER_ID]


def write_search_terms(customer: Customer) -> None:
    """Make the terms of one record agree with it, its identifiers and its searchable fields."""
    write_search_terms_of([customer])


def write_search_terms_of(customers: Iterable[Customer]) -> None:
    """The same for many records of one organisation. A customer of several records is found by the words of all."""
    heads = sorted({customer.merged_into_id or customer.pk for customer in customers})
    for start in range(0, len(heads), _CHUNK):
        _write(heads[start : start + _CHUNK])


def _write(heads: list[int]) -> None:
    records = list(Customer.objects.filter(Q(pk__in=heads) | Q(merged_into__in=heads)).only(*_COLUMNS).order_by("pk"))
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
    if fresh := wanted - stored.keys():
        # One statement without a model for each word: an import brings a dozen words a record.
        select(
            "INSERT INTO customers_searchterm (organization_id, customer_id, term)"  # noqa: S608 - our own words
            f" SELECT %s, c1, c2 FROM {table(['bigint', 'text'], 'fresh')}",
            [organization_id, rows(sorted(fresh))],
        )
