"""Tags: putting them on customers, and keeping the list of them tidy."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Organization
from apps.core import audit
from apps.core.audit import Actor
from apps.core.refused import Refused
from apps.customers import normalise
from apps.customers.actions.record import tell_changed
from apps.customers.models import Customer, CustomerTag, Tag

MOST_TAGS = 2000
MOST_PER_CUSTOMER = 50


def _name(name: str) -> str:
    name = normalise.one_line(name)
    if not 0 < len(name) <= 50 or len(normalise.name_key(name)) > 100:
        raise Refused(_("A tag has 1 to 50 characters."), code="bad_tag", field="tag")
    return name


def find_or_create_tag(organization: Organization, name: str, *, by: Actor) -> Tag:
    """The tag of this name in any case. Raises Refused (`bad_tag`, `too_many`)."""
    name = _name(name)
    tags = Tag.objects.owned_by(organization)
    if tag := tags.filter(name_key=normalise.name_key(name)).first():
        return tag
    if tags.count() >= MOST_TAGS:
        raise Refused(_("There are %(most)d tags already.") % {"most": MOST_TAGS}, code="too_many", field="tag")
    try:
        with transaction.atomic():
            tag = tags.create(organization=organization, name=name, name_key=normalise.name_key(name))
    except IntegrityError:
        # Somebody else made it in the same moment.
        return tags.get(name_key=normalise.name_key(name))
    audit.record("tag.created", by=by, organization_id=organization.pk, on=tag)
    return tag


@transaction.atomic
def add_tag(customer: Customer, name: str, *, by: Actor, now: datetime) -> Tag:
    """Put a tag on the customer; one that they carry stays. Raises Refused (`bad_tag`, `too_many`)."""
    customer = Customer.objects.locked().get(pk=customer.pk)
    tag = find_or_create_tag(customer.organization, name, by=by)
    carried = CustomerTag.objects.filter(customer__in=customer.member_ids)
    if carried.filter(tag=tag).exists():
        return tag
    if carried.values("tag").distinct().count() >= MOST_PER_CUSTOMER:
        raise Refused(_("A customer carries at most %(most)d tags.") % {"most": MOST_PER_CUSTOMER}, code="too_many")
    CustomerTag.objects.create(organization_id=customer.organization_id, customer=customer, tag=tag)
    _tell(customer, by, now, added=tag.name)
    return tag


@transaction.atomic
def remove_tag(customer: Customer, tag: Tag, *, by: Actor, now: datetime) -> None:
    """Take a tag off the customer, from whichever of their records it stands on."""
    customer = Customer.objects.locked().get(pk=customer.pk)
    gone, _rows = CustomerTag.objects.filter(customer__in=customer.member_ids, tag=tag).delete()
    if gone:
        _tell(customer, by, now, removed=tag.name)


@transaction.atomic
def set_tags(customer: Customer, names: Iterable[str], *, by: Actor, now: datetime) -> None:
    """Let the customer carry exactly these tags. Raises Refused (`bad_tag`, `too_many`)."""
    wanted = {normalise.name_key(_name(name)): name for name in names}
    for tag in Tag.objects.filter(tagged__customer__in=customer.member_ids).distinct():
        if wanted.pop(tag.name_key, None) is None:
            remove_tag(customer, tag, by=by, now=now)
    for name in wanted.values():
        add_tag(customer, name, by=by, now=now)


def _tell(customer: Customer, by: Actor, now: datetime, *, added: str = "", removed: str = "") -> None:
    customer.save(update_fields=customer.touch(now))
    audit.record(
        "customer.tagged",
        by=by,
        organization_id=customer.organization_id,
        on=customer,
        before={"tag": removed} if removed else None,
        after={"tag": added} if added else None,
    )
    tell_changed(customer, ["tags"], by=by, now=now, is_on_timeline=False)


@transaction.atomic
def rename_tag(tag: Tag, name: str, *, by: Actor) -> Tag:
    """Give the tag another name; where that is another tag's, the two become one."""
    name = _name(name)
    tag = Tag.objects.select_for_update().get(pk=tag.pk)
    other = Tag.objects.owned_by(tag.organization_id).filter(name_key=normalise.name_key(name)).exclude(pk=tag.pk)
    if into := other.first():
        return merge_tags(tag, into, by=by)
    before, tag.name, tag.name_key = tag.name, name, normalise.name_key(name)
    tag.save(update_fields=["name", "name_key"])
    audit.record(
        "tag.renamed", by=by, organization_id=tag.organization_id, on=tag, before={"name": before}, after={"name": name}
    )
    return tag


@transaction.atomic
def merge_tags(tag: Tag, into: Tag, *, by: Actor) -> Tag:
    """Let everybody who carries the first tag carry the second one; the first one is gone."""
    if tag.pk == into.pk or tag.organization_id != into.organization_id:
        raise Refused(_("Choose another tag."), code="same_tag", field="tag")
    both = CustomerTag.objects.filter(tag=into).values("customer")
    CustomerTag.objects.filter(tag=tag).exclude(customer__in=both).update(tag=into)
    audit.record(
        "tag.merged",
        by=by,
        organization_id=tag.organization_id,
        on=into,
        before={"name": tag.name},
        after={"name": into.name},
    )
    tag.delete()
    return into


@transaction.atomic
def delete_tag(tag: Tag, *, by: Actor) -> None:
    """Take the tag off everybody, and away."""
    audit.record("tag.deleted", by=by, organization_id=tag.organization_id, on=tag, before={"name": tag.name})
    tag.delete()
