"""Events to look at: made up, through the same actions as real ones."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from apps.accounts.models import Membership, Organization
from apps.customers.models import Customer
from apps.tracking import actions, partitions
from apps.tracking.actions import PlanDetails, Sender, SourceDetails

DAYS = 30
PAGES = ["Home", "Sunglasses", "Contact lenses", "Book an eye test", "Opening hours"]
TRIED = {"type": "object", "required": ["frame"]}
FRAMES = ["Aviator", "Panto", "Cat eye", "Browline"]
SITE = "https://www.harbour-opticians.example"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
ORDER = {
    "type": "object",
    "required": ["order_id", "total"],
    "properties": {"order_id": {"type": "string"}, "total": {"type": "number", "minimum": 0}},
}


def fill(organization: Organization, rng: random.Random, *, now: datetime, visitors: int = 25, known: int = 0) -> None:
    """A website and a server, a plan, and 30 days of visits; the first `known` visitors sign in as customers.

    Recorded by the organisation's first member, who must be an administrator.
    """
    by = Membership.objects.owned_by(organization).active().select_related("user").order_by("id")[0]
    begin = now - timedelta(days=DAYS)
    partitions.ensure(begin, now)
    site = SourceDetails("Website", "website", SITE)
    website, _key = actions.create_source(organization, site, by=by, now=begin)
    server, _key = actions.create_source(organization, SourceDetails("Shop server", "server"), by=by, now=begin)
    plan = PlanDetails("Order Completed", description="Somebody bought something", schema=ORDER, is_key_event=True)
    actions.save_plan_event(organization, plan, by=by)
    tried = PlanDetails("Frame Tried On", description="A frame was tried on in the mirror of the website", schema=TRIED)
    actions.save_plan_event(organization, tried, by=by)
    people = list(Customer.objects.owned_by(organization).heads().exclude(email="").order_by("id")[:known])
    version = actions.settings_of(organization).version
    senders = [Sender(source.pk, organization.pk, plan_version=version) for source in (website, server)]
    visits = [(number, begin + timedelta(minutes=rng.randrange(DAYS * 24 * 60))) for number in range(visitors * 2)]
    for number, moment in sorted(visits, key=lambda visit: visit[1]):
        customer = people[number // 2] if number % 2 and number // 2 < len(people) else None
        _visit(senders, number, customer, rng, moment)
    _oddities(senders[1], now)
    while actions.follow_next(now=now):
        pass


def _visit(senders: list[Sender], number: int, customer: Customer | None, rng: random.Random, moment: datetime) -> None:
    """One visit of the website, and now and then an order, which the server tells."""
    who: dict[str, Any] = {"anonymousId": f"device-{number // 2}", "context": {"userAgent": BROWSER}}
    if number % 17 == 5:
        who["context"] = {"userAgent": ROBOT}
    calls: list[dict[str, Any]] = [
        {**who, "type": "page", "name": rng.choice(PAGES)} for _page in range(rng.randrange(1, 4))
    ]
    tried = {"frame": rng.choice(FRAMES)} if rng.random() < 0.9 else {}
    calls.append({**who, "type": "track", "event": "Frame Tried On", "properties": tried})
    if customer is not None:
        who["userId"] = f"shop-{number // 2}"
        traits = {"name": customer.name, "email": customer.email}
        calls.append({**who, "type": "identify", "traits": traits})
    for place, call in enumerate(calls):
        call["messageId"] = f"demo-{number}-{place}"
        actions.ingest(senders[0], [call], now=moment + timedelta(seconds=20 * place))
    if customer is not None and rng.random() < 0.4:
        order: dict[str, Any] = {"order_id": f"W-{1000 + number}", "total": rng.randrange(40, 400)}
        if rng.random() < 0.2:
            del order["total"]
        bought = {"type": "track", "event": "Order Completed", "userId": who["userId"], "properties": order}
        actions.ingest(senders[1], [{**bought, "messageId": f"demo-{number}-order"}], now=moment + timedelta(minutes=4))


def _oddities(server: Sender, now: datetime) -> None:
    """What a person has to look at: a conflict, something too old, something that is no event."""
    call = {"type": "track", "event": "Voucher Redeemed", "userId": "shop-1", "messageId": "demo-odd"}
    old = (now - timedelta(days=200)).isoformat()
    odd = [
        {**call, "properties": {"value": 10}},
        {**call, "properties": {"value": 15}},
        {**call, "messageId": "demo-old", "timestamp": old},
        {"type": "track", "event": "Voucher Redeemed", "messageId": "demo-nobody"},
    ]
    actions.ingest(server, odd, now=now - timedelta(minutes=3))
