"""The door: who may send, what is understood, and an answer for each call."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from apps.accounts import actions as accounts
from apps.accounts.models import Membership, Organization
from apps.accounts.permissions import Can
from apps.core import ratelimit
from apps.tracking import actions, envelope, queries, storing
from apps.tracking.actions import SourceDetails
from apps.tracking.models import ChangedDay, Event, EventKey, QuarantinedEvent, Source
from tests.tracking.conftest import SITE, Send, basic, track


def statuses(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [result["status"] for result in answer.json()["results"]]


@pytest.mark.parametrize("base", ["/v1/", "/api/v1/"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_each_call_has_an_address_with_and_without_slash(send: Send, base: str, slash: str) -> None:
    calls = {
        "track": {"event": "Seen"},
        "identify": {"traits": {"name": "Ann"}},
        "page": {"name": "Home"},
        "screen": {"name": "Start"},
        "group": {"groupId": "acme"},
        "alias": {"previousId": "old"},
    }
    for call, fields in calls.items():
        answer = send({"userId": "7", **fields}, f"{base}{call}{slash}")
        assert answer.status_code == 200, answer.content
        assert answer.json()["status"] == "accepted"
    assert statuses(send({"batch": [track()]}, f"{base}batch{slash}")) == ["accepted"]
    assert set(Event.objects.values_list("type", flat=True)) == set(calls)


def test_each_call_of_a_batch_is_answered(send: Send) -> None:
    batch = [
        track(1),
        track(1),
        track(1, properties={"total": 99}),
        {"type": "track", "userId": "1"},
        "nonsense",
        track(2, type="shout"),
        track(3, messageId="x" * 101),
        track(4, userId=None),
        track(5, properties={"text": "x" * 33_000}),
        track(6, timestamp="yesterday"),
        track(7, properties={"text": "a\x00b"}),
    ]
    answer = send({"batch": batch})
    assert statuses(answer) == ["accepted", "duplicate", "conflict", *["rejected"] * 8]
    reasons = [result.get("reason") for result in answer.json()["results"][3:]]
    assert reasons == [
        "no_event",
        "not_an_object",
        "bad_type",
        "bad_message_id",
        "no_person",
        "too_large",
        "bad_timestamp",
        "not_storable",
    ]
    counts = {name: answer.json()[name] for name in ("accepted", "duplicate", "conflict", "rejected")}
    assert counts == {"accepted": 1, "duplicate": 1, "conflict": 1, "rejected": 8}
    # Nothing is dropped silently: what is not an event waits in the quarantine.
    assert Event.objects.count() == 1
    assert QuarantinedEvent.objects.count() == 9


def test_the_same_batch_again_changes_nothing(send: Send) -> None:
    batch = {"batch": [track(1), track(2, messageId=None), track(3, event="")], "sentAt": "2026-01-01T00:00:00Z"}
    assert statuses(send(batch)) == ["accepted", "accepted", "rejected"]
    again = {**batch, "sentAt": "2026-01-01T00:05:00Z"}
    assert statuses(send(again)) == ["duplicate", "duplicate", "rejected"]
    assert (Event.objects.count(), EventKey.objects.count(), QuarantinedEvent.objects.count()) == (2, 2, 1)


def test_same_id_other_content_is_a_conflict_once(send: Send) -> None:
    send({"batch": [track(1)]})
    for _ in range(2):
        assert statuses(send({"batch": [track(1, properties={"total": 1})]})) == ["conflict"]
    assert Event.objects.get().body["properties"] == {"total": 12.5}
    assert QuarantinedEvent.objects.get().body["properties"] == {"total": 1}


def test_the_id_is_known_in_its_source_only(
    send: Send, organization: Organization, admin_member: Membership, write_key: str
) -> None:
    other, key = actions.create_source(
        organization, SourceDetails("App", "mobile"), by=admin_member, now=timezone.now()
    )
    assert statuses(send({"batch": [track(1)]})) == ["accepted"]
    assert statuses(send({"batch": [track(1, properties={})]}, key=key)) == ["accepted"]
    assert set(Event.objects.values_list("source", flat=True)) == {
        other.pk,
        Source.objects.exclude(pk=other.pk).get().pk,
    }


@pytest.mark.parametrize("text", ['a"b', "back\\slash\\", "{a,b}", "NULL", "two\nlines", "%s $1", "漢字 é 🕶", "'; --"])
def test_any_text_is_stored_as_it_came(send: Send, text: str) -> None:
    call = track(1, event=text, userId=text, messageId=text, properties={text: [text]})
    assert statuses(send({"batch": [call, track(2)]})) == ["accepted"] * 2
    event = Event.objects.get(message_id=text)
    assert (event.name, event.person, event.body["properties"]) == (text, f"u:{text}", {text: [text]})
    assert statuses(send({"batch": [call, track(2)]})) == ["duplicate"] * 2


def test_one_bad_value_does_not_cost_the_batch(send: Send) -> None:
    good, bad = json.dumps(track(1)), json.dumps(track(2, properties={"ratio": float("nan")}))
    half = json.dumps(track(3, properties={"text": "\ud800"}))
    assert statuses(send(f'{{"batch": [{good}, {bad}, {half}]}}'.encode())) == ["accepted", "rejected", "rejected"]


def test_values_that_no_database_holds_are_refused_and_kept_as_text(send: Send) -> None:
    endless, deep = json.dumps(track(1)).replace("12.5", "1e999"), "[" * 900 + "]" * 900
    unknown = json.dumps(track(2, type="shout")).replace("12.5", "-1e999")
    nested = json.dumps(track(3)).replace("12.5", deep)
    found = send(f'{{"batch": [{endless}, {unknown}, {nested}, {json.dumps(track(4))}]}}'.encode())
    assert statuses(found) == ["rejected", "rejected", "rejected", "accepted"]
    assert QuarantinedEvent.objects.count() == 3


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"{", {}, 400, "bad_json"),
        (b"[]", {}, 400, "bad_json"),
        (b"{}", {}, 400, "no_batch"),
        (b'{"batch": {}}', {}, 400, "no_batch"),
        (b"[" * 200_000, {}, 400, "bad_json"),
        (b"xx", {"HTTP_CONTENT_ENCODING": "gzip"}, 400, "bad_encoding"),
        (gzip.compress(b"{}", mtime=0)[:-4], {"HTTP_CONTENT_ENCODING": "gzip"}, 400, "bad_encoding"),
        (b"xx", {"HTTP_CONTENT_ENCODING": "br"}, 400, "bad_encoding"),
        (gzip.compress(b" " * 10_000_000, mtime=0), {"HTTP_CONTENT_ENCODING": "gzip"}, 413, "batch_too_large"),
        (b" " * (envelope.LARGEST_BATCH + 1), {}, 413, "batch_too_large"),
    ],
)
def test_bodies_that_are_no_batch(send: Send, body: bytes, headers: dict[str, str], status: int, code: str) -> None:
    answer = send(body, **headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(("pack", "name"), [(gzip.compress, "gzip"), (zlib.compress, "deflate")])
def test_packed_bodies(send: Send, pack: Callable[[bytes], bytes], name: str) -> None:
    body = pack(json.dumps({"batch": [track(1)]}).encode())
    assert statuses(send(body, HTTP_CONTENT_ENCODING=name)) == ["accepted"]


def test_a_call_of_its_own_is_refused_with_its_reason(send: Send) -> None:
    answer = send({"userId": "1"}, "/v1/track")
    assert (answer.status_code, answer.json()["code"]) == (400, "no_event")


def test_only_with_a_living_write_key(send: Send, source: Source, write_key: str, admin_member: Membership) -> None:
    assert send({"batch": []}, key="ccw_wrong").status_code == 401
    assert send({"batch": []}, key="").status_code == 401
    assert send({"batch": [track(1)], "writeKey": write_key}, key="").status_code == 200
    assert send({"batch": [track(2)]}, key="", HTTP_AUTHORIZATION=f"Bearer {write_key}").status_code == 200
    assert send({"batch": []}, key="", HTTP_AUTHORIZATION="Basic ééé").status_code == 401
    actions.revoke_source(source, by=admin_member, now=timezone.now())
    answer = send({"batch": [track(3)]})
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_write_key")
    assert Event.objects.count() == 2


def test_a_renewed_key_replaces_the_former_at_once(
    send: Send, source: Source, write_key: str, admin_member: Membership
) -> None:
    _source, fresh = actions.renew_write_key(source, by=admin_member)
    assert send({"batch": []}, key=write_key).status_code == 401
    assert send({"batch": []}, key=fresh).status_code == 200


def test_an_api_key_may_send_with_the_scope(
    send: Send, organization: Organization, admin_member: Membership, source: Source
) -> None:
    now = timezone.now()
    _key, secret = accounts.create_api_key(organization, name="ETL", scopes=[Can.SEND_EVENTS], by=admin_member, now=now)
    _key, weak = accounts.create_api_key(organization, name="Till", scopes=[Can.VIEW_EVENTS], by=admin_member, now=now)
    assert send({"batch": [track(1)]}, key=weak).status_code == 403
    assert send({"batch": [track(1)]}, key=secret).status_code == 200
    actions.create_source(organization, SourceDetails("App", "mobile"), by=admin_member, now=now)
    assert send({"batch": [track(2)]}, key=secret).json()["code"] == "source_missing"
    assert send({"batch": [track(2)]}, f"/v1/batch?source={source.pk}", key=secret).status_code == 200
    assert send({"batch": [track(2)]}, "/v1/batch?source=99999999", key=secret).status_code == 400
    assert set(Event.objects.values_list("source", flat=True)) == {source.pk}


def test_only_pages_of_the_named_websites_may_send(send: Send) -> None:
    answer = send({"batch": [track(1)]}, HTTP_ORIGIN=SITE)
    assert answer["Access-Control-Allow-Origin"] == SITE
    assert "Origin" in answer["Vary"]
    refused = send({"batch": [track(2)]}, HTTP_ORIGIN="https://evil.example")
    assert (refused.status_code, refused.json()["code"]) == (403, "origin_not_allowed")
    assert "Access-Control-Allow-Origin" not in refused
    assert Event.objects.count() == 1


def test_browsers_ask_first(source: Source) -> None:
    asked = Client().options("/v1/batch", HTTP_ORIGIN=SITE, HTTP_ACCESS_CONTROL_REQUEST_METHOD="POST")
    assert (asked.status_code, asked["Access-Control-Allow-Origin"]) == (204, SITE)
    assert "authorization" in asked["Access-Control-Allow-Headers"]
    for stranger in ("https://evil.example", SITE[:-1], "null"):
        assert "Access-Control-Allow-Origin" not in Client().options("/v1/batch", HTTP_ORIGIN=stranger)


def test_other_methods(source: Source) -> None:
    answer = Client().get("/v1/batch")
    assert (answer.status_code, answer["Allow"]) == (405, "OPTIONS, POST")


@pytest.mark.parametrize("place", ["sender_row", "store"])
def test_a_database_that_is_away_is_said_so(send: Send, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    def away(*_args: object) -> None:
        raise OperationalError("connection refused")

    with monkeypatch.context() as patch:
        patch.setattr(queries if place == "sender_row" else storing, place, away)
        answer = send({"batch": [track(1)]}, "/v1/batch")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer["Retry-After"]) > 0
    assert statuses(send({"batch": [track(1)]}, "/v1/batch")) == ["accepted"]


def test_too_many_requests(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ratelimit.POLICIES, "write_key", ratelimit.Policy("write_key", 2, 60))
    assert [send({"batch": []}).status_code for _ in range(3)] == [200, 200, 429]
    assert int(send({"batch": []})["Retry-After"]) > 0


def test_the_senders_clock_is_corrected(send: Send) -> None:
    # The sender's clock is three hours behind; the event happened ten seconds before it was sent.
    body = {"batch": [track(1, timestamp="2020-05-05T10:00:00Z")], "sentAt": "2020-05-05T10:00:10Z"}
    send(body)
    event = Event.objects.get()
    assert event.received_at - event.timestamp == timedelta(seconds=10)
    assert event.body["timestamp"] == "2020-05-05T10:00:00Z"
    assert not event.is_clamped


def test_the_future_is_clamped_and_kept(send: Send) -> None:
    ahead = (timezone.now() + timedelta(days=400)).isoformat()
    send({"batch": [track(1, timestamp=ahead)]})
    event = Event.objects.get()
    assert event.timestamp - event.received_at == timedelta(minutes=5)
    assert event.is_clamped
    assert event.body["timestamp"] == ahead


def test_late_events_mark_their_day_and_person(send: Send) -> None:
    day = timezone.now() - timedelta(days=3)
    calls = [track(1, timestamp=day.isoformat()), track(2, timestamp=day.isoformat()), track(3)]
    assert statuses(send({"batch": calls})) == ["accepted"] * 3
    changed = ChangedDay.objects.get()
    assert (changed.day, changed.person) == (day.astimezone(UTC).date(), "u:42")


def test_too_old_waits_in_the_quarantine_unless_it_is_history(send: Send) -> None:
    old = (timezone.now() - timedelta(days=31)).isoformat()
    answer = send({"batch": [track(1, timestamp=old)]})
    assert answer.json()["results"][0]["reason"] == "too_old"
    assert QuarantinedEvent.objects.get().reason == "too_old"
    assert statuses(send({"batch": [track(1, timestamp=old)], "backfill": True})) == ["accepted"]
    assert statuses(send({"batch": [track(2, timestamp=old)]}, "/v1/batch?backfill=1")) == ["accepted"]
    assert Event.objects.filter(is_late=True).count() == 2


def test_robots_and_test_users_are_marked(send: Send, organization: Organization, admin_member: Membership) -> None:
    details = actions.SettingsDetails(test_users="tester @harbour.example")
    actions.save_settings(organization, details, by=admin_member)
    robot = {"userAgent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}
    calls = [
        track(1, context=robot),
        track(2, userId="tester"),
        track(3, context={"traits": {"email": "ann@harbour.example"}}),
        track(4, context={"userAgent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}),
    ]
    assert statuses(send({"batch": calls})) == ["accepted"] * 4
    assert list(Event.objects.order_by("message_id").values_list("is_bot", "is_test")) == [
        (True, False),
        (False, True),
        (False, True),
        (False, False),
    ]
    assert Event.objects.real().get().message_id == "m-4"


def test_the_context_of_a_batch_is_that_of_its_calls(send: Send) -> None:
    send({"batch": [track(1, context={"ip": "1"})], "context": {"ip": "0", "locale": "de"}})
    assert Event.objects.get().body["context"] == {"ip": "1", "locale": "de"}


def test_basic_is_what_libraries_send() -> None:
    assert basic("abc") == "Basic YWJjOg=="


def test_moments_before_computers_are_refused(send: Send) -> None:
    for number, moment in enumerate(["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", 17]):
        found = send({"batch": [track(number, timestamp=moment)], "sentAt": "2026-01-01T00:00:00+14:00"}).json()
        result = found["results"][0]
        assert result.get("reason") == "bad_timestamp" or Event.objects.get().is_clamped, result
