"""Products and their categories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Organization
from apps.commerce.actions.drafts import CategoryDraft, ProductDraft
from apps.commerce.actions.upserting import Outcome, Prepared, Upserted, amount, key_of, rows_of, upsert_rows
from apps.commerce.models import Category, Product
from apps.core import audit
from apps.core.audit import Actor
from apps.core.refused import Refused

DEEPEST = 20

R = TypeVar("R", Category, Product)


@transaction.atomic
def upsert_categories(
    drafts: Sequence[CategoryDraft], *, organization: Organization, by: Actor, now: datetime
) -> list[Upserted[Category]]:
    """Make or change categories by their id in the source. A category may stand before the one above it."""
    by_id, by_name = _categories(organization, drafts_parents(drafts))
    items = [_prepared(_category_values, draft, organization, by_id) for draft in drafts]
    results = upsert_rows(Category, items, organization=organization, now=now)
    # Those above may have come in the same list: only now each of them has an id.
    for row in rows_of(results, Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED):
        by_name[row.source, row.external_id] = row.pk
    for draft, result in zip(drafts, results, strict=True):
        parent_id = by_name.get((draft.source.strip(), draft.parent_external_id.strip()))
        if result.row is not None and parent_id and parent_id != result.row.parent_id:
            _stand_below(result.row, parent_id)
            result.row.save(update_fields=["parent"])
    _write_audit("categories", results, organization, by)
    return results


@transaction.atomic
def upsert_products(
    drafts: Sequence[ProductDraft], *, organization: Organization, by: Actor, now: datetime
) -> list[Upserted[Product]]:
    """Make or change products by their id in the source."""
    asked = [(draft.source, draft.category_id, draft.category_external_id) for draft in drafts]
    by_id, by_name = _categories(organization, asked)
    items = [_prepared(_product_values, draft, organization, by_id, by_name) for draft in drafts]
    results = upsert_rows(Product, items, organization=organization, now=now)
    _write_audit("products", results, organization, by)
    return results


def upsert_category(draft: CategoryDraft, *, organization: Organization, by: Actor, now: datetime) -> Category:
    """One category. Raises Refused (`name_missing`, `name_too_long`, `no_such_category`, `bad_key`, `circle`)."""
    return upsert_categories([draft], organization=organization, by=by, now=now)[0].get()


def upsert_product(draft: ProductDraft, *, organization: Organization, by: Actor, now: datetime) -> Product:
    """One product. Raises Refused (`name_missing`, `name_too_long`, `no_such_category`, `bad_key`, `bad_number`)."""
    return upsert_products([draft], organization=organization, by=by, now=now)[0].get()


@transaction.atomic
def update_category(category: Category, draft: CategoryDraft, *, by: Actor, now: datetime) -> Category:
    """Rename it or hang it elsewhere. Raises Refused (as `upsert_category`)."""
    category = Category.objects.select_for_update(of=("self",)).select_related("organization").get(pk=category.pk)
    by_id, _names = _categories(category.organization, drafts_parents([draft]))
    values = _category_values(draft, category.organization, by_id)
    if draft.parent_id is not None:
        _stand_below(category, draft.parent_id)
    return _update(category, {"parent_id": None, **values}, by=by, now=now)


@transaction.atomic
def update_product(product: Product, draft: ProductDraft, *, by: Actor, now: datetime) -> Product:
    """Change what differs. Raises Refused (as `upsert_product`)."""
    product = Product.objects.select_for_update(of=("self",)).select_related("organization").get(pk=product.pk)
    asked = [(product.source, draft.category_id, draft.category_external_id)]
    by_id, by_name = _categories(product.organization, asked)
    return _update(product, _product_values(draft, product.organization, by_id, by_name), by=by, now=now)


def drafts_parents(drafts: Iterable[CategoryDraft]) -> list[tuple[str, int | None, str]]:
    """Which categories the drafts speak of: source, id here, id there."""
    return [(draft.source, draft.parent_id, draft.parent_external_id) for draft in drafts]


def _update(row: R, values: Mapping[str, Any], *, by: Actor, now: datetime) -> R:
    before: dict[str, Any] = {name: getattr(row, name) for name, new in values.items() if getattr(row, name) != new}
    if not before:
        return row
    for name in before:
        setattr(row, name, values[name])
    row.updated_at, row.version = now, row.version + 1
    row.save(update_fields=[*before, "updated_at", "version"])
    audit.record(
        f"{row._meta.model_name}.updated",
        by=by,
        organization_id=row.organization_id,
        on=row,
        before=before,
        after={name: values[name] for name in before},
    )
    return row


def _prepared(values: Any, draft: CategoryDraft | ProductDraft, *known: Any) -> Prepared | Refused:
    try:
        return Prepared(*key_of(draft.source, draft.external_id), values(draft, *known))
    except Refused as refused:
        return refused


def _name(text: str, most: int) -> str:
    name = " ".join(text.split())
    if not name:
        raise Refused(_("Enter a name."), code="name_missing", field="name")
    if len(name) > most:
        raise Refused(_("At most %(most)d characters.") % {"most": most}, code="name_too_long", field="name")
    return name


def _category_values(draft: CategoryDraft, organization: Organization, by_id: set[int]) -> dict[str, Any]:
    values: dict[str, Any] = {"name": _name(draft.name, 200)}
    if draft.parent_id is not None:
        if draft.parent_id not in by_id:
            raise Refused(_("There is no such category."), code="no_such_category", field="parent_id")
        values["parent_id"] = draft.parent_id
    return values


def _product_values(
    draft: ProductDraft, organization: Organization, by_id: set[int], by_name: Mapping[tuple[str, str], int]
) -> dict[str, Any]:
    category_id = draft.category_id
    if category_id is None and draft.category_external_id:
        category_id = by_name.get((draft.source.strip(), draft.category_external_id.strip()))
        if category_id is None:
            raise Refused(_("There is no such category."), code="no_such_category", field="category_external_id")
    elif category_id is not None and category_id not in by_id:
        raise Refused(_("There is no such category."), code="no_such_category", field="category_id")
    sku = draft.sku.strip()
    if len(sku) > 100:
        raise Refused(_("At most %(most)d characters.") % {"most": 100}, code="sku_too_long", field="sku")
    return {
        "name": _name(draft.name, 300),
        "sku": sku,
        "category_id": category_id,
        "price": None if draft.price is None else amount(draft.price, 4, "price"),
        "currency": draft.currency or organization.currency,
        "is_active": draft.is_active,
    }


def _categories(
    organization: Organization, asked: Iterable[tuple[str, int | None, str]]
) -> tuple[set[int], dict[tuple[str, str], int]]:
    """The ids among those asked for that are the organisation's, and the ids by natural key."""
    mine = Category.objects.owned_by(organization)
    ids = {pk for _source, pk, _name in asked if pk is not None}
    names = {name.strip() for _source, _pk, name in asked if name}
    by_id = set(mine.filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()
    found = mine.filter(external_id__in=names).values_list("source", "external_id", "pk") if names else []
    return by_id, {(source, name): pk for source, name, pk in found}


def _stand_below(category: Category, parent_id: int) -> None:
    """Raises Refused (`circle`) when the category would stand below itself."""
    above: int | None = parent_id
    for _step in range(DEEPEST):
        if above == category.pk:
            raise Refused(_("A category cannot stand below itself."), code="circle", field="parent_id")
        if above is None:
            category.parent_id = parent_id
            return
        above = Category.objects.values_list("parent_id", flat=True).get(pk=above)
    raise Refused(_("Categories stand at most twenty deep."), code="circle", field="parent_id")


def _write_audit(noun: str, results: Sequence[Upserted[Any]], organization: Organization, by: Actor) -> None:
    counts = {str(outcome): sum(result.outcome == outcome for result in results) for outcome in Outcome}
    if counts[Outcome.CREATED] or counts[Outcome.UPDATED]:
        rows = rows_of(results, Outcome.CREATED, Outcome.UPDATED)
        on = rows[0] if len(rows) == 1 else None
        audit.record(f"{noun}.stored", by=by, organization_id=organization.pk, on=on, after=counts)
