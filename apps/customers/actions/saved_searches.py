"""Searches that are kept: made, shared, subscribed to, and the daily mail about newcomers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import Membership
from apps.accounts.permissions import Can
from apps.core import audit
from apps.core.refused import Refused
from apps.customers import advanced_search, normalise, rules
from apps.customers.models import Customer, SavedSearch, SearchSubscription
from apps.messaging import compose
from apps.messaging.actions import Draft, send

EVERY = timedelta(days=1)
MOST_TOLD = 20
# So many ids are remembered as told; a search that fits more can be kept, but not subscribed to.
MOST_REMEMBERED = advanced_search.MOST_COUNTED


@transaction.atomic
def save_search(
    member: Membership,
    *,
    name: str,
    rule: Any,
    now: datetime,
    is_shared: bool = False,
    search: SavedSearch | None = None,
) -> SavedSearch:
    """Keep a search, or change one's own. Raises Refused (`bad_rule`, `bad_name`, `name_taken`, `not_yours`)."""
    name = normalise.one_line(name)
    if not 0 < len(name) <= 100:
        raise Refused(_("Enter a name of at most 100 characters."), code="bad_name", field="name")
    document = rules.parse(rule, member.organization).document()
    if search is not None:
        _must_be_owner(search, member)
    mine = SavedSearch.objects.owned_by(member.organization_id).filter(owner=member, name=name)
    if (mine.exclude(pk=search.pk) if search else mine).exists():
        raise Refused(_("You have a search of this name already."), code="name_taken", field="name")
    if search is None:
        search = SavedSearch(organization_id=member.organization_id, owner=member, created_at=now)
    search.name, search.rule, search.is_shared, search.updated_at = name, document, is_shared, now
    search.save()
    audit.record("saved_search.saved", by=member, organization_id=member.organization_id, on=search)
    return search


@transaction.atomic
def delete_search(search: SavedSearch, *, by: Membership) -> None:
    """Forget the search and its subscriptions. Raises Refused (`not_yours`)."""
    _must_be_owner(search, by)
    audit.record("saved_search.deleted", by=by, organization_id=search.organization_id, on=search)
    search.delete()


@transaction.atomic
def subscribe(search: SavedSearch, *, by: Membership, now: datetime) -> SearchSubscription:
    """Tell the member by mail, once a day, who newly fits; those who fit now are not news.

    Raises Refused (`too_many`, `bad_rule`).
    """
    if known := SearchSubscription.objects.filter(search=search, member=by).first():
        return known
    rule = rules.parse(search.rule, by.organization)
    seen = _ids(rule, now)
    if len(seen) > MOST_REMEMBERED:
        words = _("More than %(most)d customers fit; narrow the search to subscribe to it.")
        raise Refused(words % {"most": MOST_REMEMBERED}, code="too_many")
    return SearchSubscription.objects.create(
        organization_id=search.organization_id, search=search, member=by, seen=seen, next_at=now + EVERY, created_at=now
    )


def unsubscribe(search: SavedSearch, *, by: Membership) -> None:
    """Tell the member no longer."""
    SearchSubscription.objects.filter(search=search, member=by).delete()


def tell_next_subscriber(*, now: datetime) -> bool:
    """Look at one subscription that is due; returns whether there was one. Safe beside another sweep."""
    with transaction.atomic():
        due = SearchSubscription.objects.filter(next_at__lte=now).order_by("next_at", "id")
        due = due.select_related("search", "member__user", "member__organization")
        subscription = due.select_for_update(skip_locked=True, of=("self",)).first()
        if subscription is None:
            return False
        # Counted from its own hour, so that a late sweep does not move it; a day that was missed is not made up for.
        missed = (now - subscription.next_at) // EVERY + 1
        subscription.next_at += missed * EVERY
        _tell(subscription, now)
        subscription.save(update_fields=["next_at", "seen"])
    return True


def _tell(subscription: SearchSubscription, now: datetime) -> None:
    member, search = subscription.member, subscription.search
    is_visible = search.is_shared or search.owner_id == member.pk
    if not (is_visible and member.is_active and member.user.is_active and member.can(Can.VIEW_CUSTOMERS)):
        return
    try:
        rule = rules.parse(search.rule, member.organization)
    except Refused:
        # A field that the rule asks for was archived: the page says so, and nobody can be news.
        return
    ids = _ids(rule, now)
    known = set(subscription.seen)
    fresh = [pk for pk in ids if pk not in known]
    # Whoever left and comes back is news again, as long as the list stays within its bounds.
    subscription.seen = ids[:MOST_REMEMBERED]
    if fresh:
        _mail(subscription, fresh, now)


def _mail(subscription: SearchSubscription, fresh: list[int], now: datetime) -> None:
    member, search = subscription.member, subscription.search
    people = list(Customer.objects.filter(pk__in=fresh[:MOST_TOLD]).order_by("-created_at", "-id"))
    context = {
        "search": search,
        "people": [
            (each, f"{settings.BASE_URL}{reverse('customers:customer_detail', args=[each.pk])}") for each in people
        ],
        "number": len(fresh),
        "url": f"{settings.BASE_URL}{reverse('customers:search')}?saved={search.pk}",
    }
    mail = compose.render_email("customers/email/newcomers", context, member.organization, "")
    draft = Draft(
        kind="saved_search",
        to_address=member.user.email,
        to_name=str(member),
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        reference=f"customers.savedsearch:{search.pk}",
        idempotency_key=f"saved_search:{subscription.pk}:{subscription.next_at:%Y%m%d%H%M}",
    )
    try:
        send(draft, organization=member.organization, now=now)
    except Refused:
        # Their address is held back; the next day they may be reachable again.
        return


def _ids(rule: rules.Rule, now: datetime) -> list[int]:
    found = advanced_search.fitting(rule, now=now).usable().order_by("-created_at", "-id")
    return list(found.values_list("pk", flat=True)[: MOST_REMEMBERED + 1])


def _must_be_owner(search: SavedSearch, member: Membership) -> None:
    if search.owner_id != member.pk:
        raise Refused(_("Only whoever made this search may change it."), code="not_yours")
