"""The pages, through the client: whole, as a fragment, without the permission, of strangers."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Membership, Organization
from apps.customers.models import Customer
from apps.tracking import actions
from apps.tracking.actions import PlanDetails, SettingsDetails, SourceDetails
from apps.tracking.models import Event, PlanEvent, QuarantinedEvent, Source, TrackingSettings
from apps.tracking.snippet import LARGEST, snippet
from tests.tracking.conftest import SITE, Send, track

ClientOf = Callable[[Membership], Client]


@pytest.fixture
def admin(client_of: ClientOf, admin_member: Membership) -> Client:
    return client_of(admin_member)


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.content[:2000]
    return str(answer.content.decode())


def test_the_live_list_shows_and_filters(send: Send, admin: Client, source: Source) -> None:
    robot = {"userAgent": "Googlebot/2.1"}
    send({"batch": [track(1), {"type": "page", "name": "Prices", "anonymousId": "d"}, track(3, context=robot)]})
    page = text(admin.get("/events/"))
    assert "Order Completed" in page
    assert "Prices" in page
    assert 'hx-trigger="every 2s"' in page
    assert "Prices" not in text(admin.get("/events/?type=track"))
    assert "Order Completed" not in text(admin.get("/events/?name=price"))
    only_robots = text(admin.get(f"/events/?status=robot&source={source.pk}"))
    assert only_robots.count("<tr><th") == 1
    assert "No event fits" in text(admin.get("/events/?status=late"))


def test_the_live_list_asks_for_news_only(send: Send, admin: Client) -> None:
    send({"batch": [track(1)]})
    headers = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "rows"}
    fragment = text(admin.get("/events/", **headers))
    assert fragment.lstrip().startswith('<div id="rows"')
    newest = Event.objects.get().pk
    assert admin.get(f"/events/?seen={newest}", **headers).status_code == 204
    send({"batch": [track(2)]})
    assert "<tr>" in text(admin.get(f"/events/?seen={newest}", **headers))
    assert "hx-trigger" not in text(admin.get("/events/?paused=1", **headers))


def test_one_source_is_watched_live(
    send: Send, admin: Client, organization: Organization, admin_member: Membership, source: Source
) -> None:
    address = f"/events/sources/{source.pk}/live/"
    assert "Nothing came in yet" in text(admin.get(address))
    actions.save_plan_event(organization, PlanDetails("Order Completed", schema={"required": ["id"]}), by=admin_member)
    other, _key = actions.create_source(
        organization, SourceDetails("App", "mobile"), by=admin_member, now=timezone.now()
    )
    send({"batch": [track(1), track(2, userId=None)]})
    page = text(admin.get(address))
    assert "&#x27;id&#x27; is a required property" in page
    assert "no_person" in page
    assert "Nothing came in yet" in text(admin.get(f"/events/sources/{other.pk}/live/"))
    headers = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "rows"}
    news = page.split('hx-get="')[1].split('"')[0]
    assert admin.get(f"{address}{news}", **headers).status_code == 204
    send({"batch": [track(3, userId=None)]})
    assert "no_person" in text(admin.get(f"{address}{news}", **headers))
    assert "hx-trigger" not in text(admin.get(f"{address}?paused=1"))


def test_pages_of_the_list_are_cut_by_cursor(send: Send, admin: Client) -> None:
    send({"batch": [track(number, event=f"Event {number}") for number in range(60)]})
    page = text(admin.get("/events/"))
    assert page.count("<tr><th") == 50
    older = page.split('rel="next" href="')[1].split('"')[0]
    rest = text(admin.get(f"/events/{older}"))
    assert rest.count("<tr><th") == 10
    assert "every 2s" not in rest
    assert admin.get("/events/?cursor=nonsense").status_code == 302


def test_one_event_as_it_was_sent(send: Send, admin: Client) -> None:
    send({"batch": [track(1, properties={"note": "<b>bold</b>"})]})
    page = text(admin.get(reverse("tracking:event_detail", args=[Event.objects.get().pk])))
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "m-1" in page


def test_violations_and_quarantine(
    send: Send, admin: Client, organization: Organization, admin_member: Membership
) -> None:
    schema = {"required": ["total"]}
    actions.save_plan_event(organization, PlanDetails("Order Completed", schema=schema), by=admin_member)
    send({"batch": [track(1, properties={}), track(1), track(2, userId=None)]})
    assert "&#x27;total&#x27; is a required property" in text(admin.get("/events/violations/"))
    page = text(admin.get("/events/quarantine/"))
    assert "Same id, other content" in page
    assert "Not a valid event" in page
    assert text(admin.get("/events/quarantine/?reason=conflict")).count("<tr><th") == 1
    row = QuarantinedEvent.objects.get(reason="conflict")
    detail = text(admin.get(f"/events/quarantine/{row.pk}/"))
    assert "What is stored under this id" in detail
    answer = admin.post(f"/events/quarantine/{row.pk}/decide/", {"decision": "release"}, follow=True)
    assert "Stored as an event" in text(answer)
    assert Event.objects.count() == 2
    again = admin.post(f"/events/quarantine/{row.pk}/decide/", {"decision": "dismiss"}, follow=True)
    assert "Somebody has decided this already." in text(again)


def test_a_source_is_made_and_its_key_shown_once(admin: Client, organization: Organization) -> None:
    assert "No sources yet" in text(admin.get("/events/sources/"))
    refused = admin.post("/events/sources/", {"name": "Shop", "kind": "website"})
    assert "Say which website may send" in text(refused, 422)
    answer = admin.post("/events/sources/", {"name": "Shop", "kind": "website", "allowed_origins": SITE})
    page = text(answer)
    assert answer["Cache-Control"] == "no-store"
    source = Source.objects.get()
    key = page.split('id="new-key">')[1].split("<")[0]
    assert key.startswith(source.shown_prefix)
    assert f"data-key=&quot;{key}&quot;" in page
    assert key not in text(admin.get("/events/sources/"))


def test_a_source_is_changed_renewed_and_switched_off(admin: Client, source: Source, write_key: str) -> None:
    address = f"/events/sources/{source.pk}/"
    admin.post(address, {"name": "Store", "kind": "server"})
    source.refresh_from_db()
    assert (source.name, source.kind) == ("Store", "server")
    renewed = text(admin.post(address, {"renew": "1"}))
    assert 'id="new-key">ccw_' in renewed
    assert write_key not in renewed
    admin.post(f"{address}revoke/")
    source.refresh_from_db()
    assert not source.is_live
    assert "Switched off" in text(admin.get("/events/sources/"))


def test_the_plan_is_edited(admin: Client, organization: Organization) -> None:
    assert "No planned events yet" in text(admin.get("/events/plan/"))
    values = {"type": "track", "name": "Signed Up", "mode": "block", "is_key_event": "on"}
    assert "This is no JSON" in text(admin.post("/events/plan/new/", {**values, "schema": "{"}), 422)
    assert "This is no JSON Schema" in text(admin.post("/events/plan/new/", {**values, "schema": '{"type": 1}'}), 422)
    admin.post("/events/plan/new/", {**values, "schema": json.dumps({"required": ["plan"]})})
    event = PlanEvent.objects.get()
    assert (event.schema, event.mode, event.is_key_event) == ({"required": ["plan"]}, "block", True)
    page = text(admin.get(f"/events/plan/{event.pk}/"))
    assert "&quot;required&quot;" in page
    admin.post(f"/events/plan/{event.pk}/", {**values, "mode": "warn", "schema": ""})
    event.refresh_from_db()
    assert (event.schema, event.mode) == ({}, "warn")
    admin.post(f"/events/plan/{event.pk}/remove/")
    assert not PlanEvent.objects.exists()


def test_the_settings_are_saved(admin: Client) -> None:
    values = {"unknown_events": "warn", "late_days": "7", "test_users": "tester", "consent_categories": "Ads=marketing"}
    admin.post("/events/plan/", values)
    saved = TrackingSettings.objects.get()
    assert (saved.unknown_events, saved.late_days, saved.consent_categories) == ("warn", 7, {"Ads": "marketing"})
    wrong = admin.post("/events/plan/", {**values, "consent_categories": "Ads"})
    assert "category = purpose" in text(wrong, 422)
    assert "leads to no purpose" in text(admin.post("/events/plan/", {**values, "consent_categories": "A=b"}), 422)


def test_the_customers_page_shows_what_they_did(send: Send, admin: Client) -> None:
    call = {"type": "identify", "userId": "42", "traits": {"name": "Ann Lee", "email": "ann@example.com"}}
    send({"batch": [call, track(1)]})
    while actions.follow_next(now=timezone.now()):
        pass
    customer = Customer.objects.get()
    page = text(admin.get(f"/customers/{customer.pk}/?panels=all"))
    assert "All 2 events" in page
    everything = text(admin.get(f"/customers/{customer.pk}/events/"))
    assert everything.count("<tr><th") == 2
    assert "Ann Lee" in text(admin.get(f"/events/{Event.objects.get(type='track').pk}/"))


PAGES = ["/events/", "/events/violations/", "/events/quarantine/"]
MANAGED = ["/events/sources/", "/events/plan/", "/events/plan/new/"]


def test_who_may_see_and_who_may_manage(
    send: Send, client_of: ClientOf, viewer: Membership, stranger: Membership, source: Source
) -> None:
    send({"batch": [track(1), track(1, properties={})]})
    looking, foreign = client_of(viewer), client_of(stranger)
    event, row = Event.objects.get().pk, QuarantinedEvent.objects.get().pk
    for page in [*PAGES, f"/events/sources/{source.pk}/live/", f"/events/{event}/", f"/events/quarantine/{row}/"]:
        assert looking.get(page).status_code == 200, page
    for page in [*MANAGED, f"/events/sources/{source.pk}/"]:
        assert looking.get(page).status_code == 403, page
    assert looking.post(f"/events/quarantine/{row}/decide/").status_code == 403
    for page in [f"/events/{event}/", f"/events/quarantine/{row}/", f"/events/sources/{source.pk}/live/"]:
        assert foreign.get(page).status_code == 404, page
    assert "Order Completed" not in text(foreign.get("/events/"))


def test_events_by_api(send: Send, admin: Client, client_of: ClientOf, stranger: Membership) -> None:
    send({"batch": [track(1), {"type": "page", "anonymousId": "d", "messageId": "p"}]})
    found = json.loads(text(admin.get("/api/v1/events/?type=track")))["results"]
    assert [(row["message_id"], row["person"], row["body"]["properties"]) for row in found] == [
        ("m-1", "u:42", {"total": 12.5})
    ]
    assert len(json.loads(text(admin.get("/api/v1/events/?person=d")))["results"]) == 1
    assert admin.get("/api/v1/events/?type=shout").status_code == 400
    assert json.loads(text(client_of(stranger).get("/api/v1/events/")))["results"] == []


def test_the_script_is_small_and_kept_by_browsers() -> None:
    found = snippet()
    assert len(found.packed) <= LARGEST, f"{len(found.packed)} bytes"
    answer = Client().get("/t.js", HTTP_ACCEPT_ENCODING="gzip")
    assert gzip.decompress(answer.content) == found.text
    assert answer["Content-Type"].startswith("text/javascript")
    assert "no-store" not in answer["Cache-Control"]
    assert Client().get("/t.js").content == found.text
    assert Client().get("/t.js", HTTP_IF_NONE_MATCH=found.etag).status_code == 304
    assert b"eval" not in found.text


def test_unknown_settings_are_the_usual_ones(organization: Organization) -> None:
    usual = actions.settings_of(organization)
    assert (usual.pk, usual.late_days, usual.unknown_events) == (None, SettingsDetails().late_days, "allow")
