"""The organisation's own fields: defining them, and writing their values."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Organization
from apps.core import audit
from apps.core.audit import Actor
from apps.core.refused import Refused
from apps.customers import normalise
from apps.customers.actions.record import tell_changed
from apps.customers.actions.search_terms import write_search_terms
from apps.customers.models import Customer, CustomField, FieldKind

MOST_FIELDS = 100
MOST_CHOICES = 200
LONGEST_VALUE = 500
KEY = re.compile(r"[a-z][a-z0-9_]{0,49}\Z")
# As the rules say it: exact in every database.
LARGEST = 2**53


@dataclass(frozen=True)
class FieldDetails:
    """What defines a field. Key and kind of an existing field never change."""

    key: str
    label: str
    kind: str
    choices: tuple[str, ...] = ()
    is_searchable: bool = False
    position: int = 0

    def checked(self) -> FieldDetails:
        """The same, tidied. Raises Refused (`bad_key`, `bad_label`, `bad_kind`, `bad_choices`)."""
        label = normalise.one_line(self.label)
        if not KEY.match(self.key):
            words = _("Small letters, digits and _ only, a letter first: for example shoe_size.")
            raise Refused(words, code="bad_key", field="key")
        if not 0 < len(label) <= 100:
            raise Refused(_("Enter a name of at most 100 characters."), code="bad_label", field="label")
        if self.kind not in FieldKind.values:
            raise Refused(_("There is no such type."), code="bad_kind", field="kind")
        choices = tuple(dict.fromkeys(filter(None, map(normalise.one_line, self.choices))))
        is_choice = self.kind == FieldKind.CHOICE
        if (is_choice and not 0 < len(choices) <= MOST_CHOICES) or any(len(each) > 100 for each in choices):
            raise Refused(_("Enter 1 to 200 choices, one a line."), code="bad_choices", field="choices")
        choices = choices if is_choice else ()
        return FieldDetails(self.key, label, self.kind, choices, self.is_searchable, min(max(self.position, 0), 32_000))


@transaction.atomic
def create_field(details: FieldDetails, *, organization: Organization, by: Actor) -> CustomField:
    """Define a field. Raises Refused (`key_taken`, `too_many`, or what `FieldDetails.checked` raises)."""
    details = details.checked()
    fields = CustomField.objects.owned_by(organization)
    if fields.filter(key=details.key).exists():
        raise Refused(_("There is a field with this key already."), code="key_taken", field="key")
    if fields.count() >= MOST_FIELDS:
        raise Refused(_("There are %(most)d fields already.") % {"most": MOST_FIELDS}, code="too_many")
    field = fields.create(organization=organization, **(vars(details) | {"choices": list(details.choices)}))
    audit.record("custom_field.created", by=by, organization_id=organization.pk, on=field)
    return field


@transaction.atomic
def update_field(
    field: CustomField, details: FieldDetails, *, by: Actor, is_archived: bool | None = None
) -> CustomField:
    """Change label, choices, place, or whether it is archived; its values stay as they are.

    Raises Refused (`kind_fixed` for another key or kind, or what `FieldDetails.checked` raises).
    """
    details = details.checked()
    field = CustomField.objects.select_for_update().get(pk=field.pk)
    if (details.key, details.kind) != (field.key, field.kind):
        raise Refused(_("Key and type of a field never change: make a new one."), code="kind_fixed", field="kind")
    field.label, field.choices, field.position = details.label, list(details.choices), details.position
    field.is_searchable = details.is_searchable
    if is_archived is not None:
        field.is_archived = is_archived
    field.save()
    audit.record("custom_field.updated", by=by, organization_id=field.organization_id, on=field, after=vars(details))
    return field


def checked_values(organization: Organization | int, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are stored, typed; None (or "") takes a value away.

    Raises Refused (`bad_field`), its field the key.
    """
    known = {field.key: field for field in CustomField.objects.owned_by(organization).active()}
    checked = {}
    for key, value in values.items():
        if key not in known:
            words = _("There is no field “%(key)s”.") % {"key": str(key)[:60]}
            raise Refused(words, code="bad_field", field=str(key)[:60])
        checked[key] = _typed(known[key], value)
    return checked


def _typed(field: CustomField, value: Any) -> Any:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str):
        value = normalise.one_line(value)
    typed = _READERS[FieldKind(field.kind)](value, field)
    if typed is None:
        words = _("“%(label)s” cannot be that: it is of the type “%(kind)s”.")
        words %= {"label": field.label, "kind": field.get_kind_display()}
        raise Refused(words, code="bad_field", field=field.key)
    return typed


def _number(value: Any, _field: CustomField) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(number) or abs(number) > LARGEST:
        return None
    return int(number) if number.is_integer() else number


def _day(value: Any, _field: CustomField) -> str | None:
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    try:
        return date.fromisoformat(value).isoformat() if isinstance(value, str) else None
    except ValueError:
        return None


def _text(value: Any, _field: CustomField) -> str | None:
    return value if isinstance(value, str) and len(value) <= LONGEST_VALUE else None


def _yes_or_no(value: Any, _field: CustomField) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(str(value).lower())


def _choice(value: Any, field: CustomField) -> str | None:
    return value if value in field.choices else None


_READERS = {
    FieldKind.TEXT: _text,
    FieldKind.NUMBER: _number,
    FieldKind.DATE: _day,
    FieldKind.BOOLEAN: _yes_or_no,
    FieldKind.CHOICE: _choice,
}


@transaction.atomic
def set_fields(customer: Customer, values: Mapping[str, Any], *, by: Actor, now: datetime) -> Customer:
    """Write these of the organisation's own fields; the others stay. Raises Refused (`bad_field`)."""
    customer = Customer.objects.locked().get(pk=customer.pk)
    before = dict(customer.custom)
    wanted = before | checked_values(customer.organization_id, values)
    customer.custom = {key: value for key, value in wanted.items() if value is not None}
    if customer.custom == before:
        return customer
    customer.save(update_fields=["custom", *customer.touch(now)])
    write_search_terms(customer)
    changed = {key for key in before.keys() | wanted.keys() if before.get(key) != customer.custom.get(key)}
    audit.record(
        "customer.updated",
        by=by,
        organization_id=customer.organization_id,
        on=customer,
        before={f"custom.{key}": before.get(key) for key in sorted(changed)},
        after={f"custom.{key}": customer.custom.get(key) for key in sorted(changed)},
    )
    tell_changed(customer, ["custom"], by=by, now=now)
    return customer
