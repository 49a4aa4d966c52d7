"""The tracking plan, the sources, the quarantine, and what is kept how long."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from jsonschema import Draft202012Validator

from apps.accounts.models import Membership, Organization
from apps.core.models import AuditEntry
from apps.core.refused import Refused
from apps.customers import actions as customers
from apps.customers.actions import CustomerDetails
from apps.customers.models import Customer, TimelineEntry
from apps.tracking import actions, demo, partitions
from apps.tracking.actions import PlanDetails, SettingsDetails, SourceDetails
from apps.tracking.models import Event, EventKey, PlanEvent, QuarantinedEvent, Source, Todo
from tests.tracking.conftest import Send, track

SCHEMA = {"type": "object", "required": ["total"], "properties": {"total": {"type": "number", "minimum": 0}}}


def planned(organization: Organization, by: Membership, **fields: Any) -> PlanEvent:
    details = {"name": "Order Completed", "schema": SCHEMA, "mode": "warn", **fields}
    return actions.save_plan_event(organization, PlanDetails(**details), by=by)


def results(answer: Any) -> list[dict[str, Any]]:
    return answer.json()["results"]  # type: ignore[no-any-return]


def test_the_plan_warns(send: Send, organization: Organization, admin_member: Membership) -> None:
    planned(organization, admin_member)
    found = results(send({"batch": [track(1), track(2, properties={"total": -1}), track(3, properties={})]}))
    assert [result["status"] for result in found] == ["accepted"] * 3
    assert found[1]["violations"] == ["total: -1 is less than the minimum of 0"]
    assert Event.objects.with_violations().count() == 2
    assert Event.objects.get(message_id="m-3").violations == ["properties: 'total' is a required property"]


def test_the_plan_blocks_and_keeps(send: Send, organization: Organization, admin_member: Membership) -> None:
    planned(organization, admin_member, mode="block")
    found = results(send({"batch": [track(1), track(2, properties={"total": "x"})]}))
    assert [(result["status"], result.get("reason")) for result in found] == [
        ("accepted", None),
        ("rejected", "blocked"),
    ]
    row = QuarantinedEvent.objects.get()
    assert (row.reason, row.detail) == ("blocked", "total: 'x' is not of type 'number'")


def test_the_plan_allows(send: Send, organization: Organization, admin_member: Membership) -> None:
    planned(organization, admin_member, mode="allow")
    send({"batch": [track(1, properties={})]})
    assert Event.objects.get().violations is None


@pytest.mark.parametrize(
    ("mode", "status", "violations"),
    [("allow", "accepted", None), ("warn", "accepted", 1), ("block", "rejected", 1)],
)
def test_unknown_events(
    send: Send, organization: Organization, admin_member: Membership, mode: str, status: str, violations: int | None
) -> None:
    planned(organization, admin_member)
    actions.save_settings(organization, SettingsDetails(unknown_events=mode), by=admin_member)
    batch = [track(1, event="Surprise"), {"type": "page", "userId": "1"}]
    surprise, page = results(send({"batch": batch}))
    assert (surprise["status"], len(surprise.get("violations", [])) or None) == (status, violations)
    assert page["status"] == "accepted"


def test_a_change_of_the_plan_counts_from_the_next_request_on(
    send: Send, organization: Organization, admin_member: Membership
) -> None:
    event = planned(organization, admin_member)
    assert results(send({"batch": [track(1, properties={})]}))[0]["violations"]
    actions.remove_plan_event(event, by=admin_member)
    assert "violations" not in results(send({"batch": [track(2, properties={})]}))[0]
    actions_said = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"plan_event.added", "plan_event.removed"} <= actions_said


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": " "}, "name_missing"),
        ({"schema": {"type": "nonsense"}}, "bad_schema"),
        ({"schema": []}, "bad_schema"),
        ({"schema": {"properties": {"a": {"$ref": "http://127.0.0.1:9/schema.json"}}}}, "bad_schema"),
        ({}, "name_taken"),
    ],
)
def test_plans_that_make_no_sense(
    organization: Organization, admin_member: Membership, fields: dict[str, Any], code: str
) -> None:
    if not fields:
        planned(organization, admin_member)
    with pytest.raises(Refused) as refused:
        planned(organization, admin_member, **fields)
    assert refused.value.code == code


def test_a_plan_within_itself_may_refer(send: Send, organization: Organization, admin_member: Membership) -> None:
    schema = {"$defs": {"money": {"type": "number"}}, "properties": {"total": {"$ref": "#/$defs/money"}}}
    Draft202012Validator.check_schema(schema)
    planned(organization, admin_member, schema=schema)
    assert results(send({"batch": [track(1, properties={"total": "x"})]}))[0]["violations"]


def test_consent_categories_lead_to_purposes(organization: Organization, admin_member: Membership) -> None:
    with pytest.raises(Refused) as refused:
        actions.save_settings(organization, SettingsDetails(consent_categories={"A": "spying"}), by=admin_member)
    assert refused.value.code == "bad_category"


@pytest.mark.parametrize(
    ("details", "code"),
    [
        (SourceDetails(" ", "server"), "name_missing"),
        (SourceDetails("Site", "website"), "origin_missing"),
        (SourceDetails("Site", "website", "www.example.com"), "bad_origin"),
        (SourceDetails("Site", "website", "https://www.example.com/path"), "bad_origin"),
        (SourceDetails("Site", "website", "javascript://x"), "bad_origin"),
        (SourceDetails("Shop", "server"), "name_taken"),
    ],
)
def test_sources_that_make_no_sense(
    organization: Organization, admin_member: Membership, source: Source, details: SourceDetails, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        actions.create_source(organization, details, by=admin_member, now=timezone.now())
    assert refused.value.code == code


def test_the_key_is_stored_as_a_hash_and_everything_is_audited(
    source: Source, write_key: str, admin_member: Membership
) -> None:
    assert write_key not in str(vars(source))
    assert write_key.startswith(source.shown_prefix)
    changed = actions.change_source(source, SourceDetails("Shop 2", "server"), by=admin_member)
    actions.revoke_source(changed, by=admin_member, now=timezone.now())
    with pytest.raises(Refused):
        actions.renew_write_key(changed, by=admin_member)
    said = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"event_source.created", "event_source.changed", "event_source.revoked"} <= said


def test_a_conflict_can_be_kept_beside_the_first(send: Send, admin_member: Membership) -> None:
    send({"batch": [track(1), track(1, properties={"total": 1})]})
    row = QuarantinedEvent.objects.get()
    released = actions.release(row, by=admin_member, now=timezone.now())
    assert released.state == "released"
    assert sorted(event.body["properties"]["total"] for event in Event.objects.all()) == [1, 12.5]
    with pytest.raises(Refused) as refused:
        actions.release(row, by=admin_member, now=timezone.now())
    assert refused.value.code == "not_waiting"


def test_what_is_no_event_cannot_be_released(send: Send, admin_member: Membership) -> None:
    send({"batch": [track(1, userId=None), "x"]})
    for row in QuarantinedEvent.objects.all():
        assert not row.may_be_released
        with pytest.raises(Refused):
            actions.release(row, by=admin_member, now=timezone.now())
        assert actions.dismiss(row, by=admin_member, now=timezone.now()).state == "dismissed"


def test_an_old_event_can_be_released_until_it_came_in(send: Send, admin_member: Membership) -> None:
    old = (timezone.now() - timedelta(days=90)).isoformat()
    send({"batch": [track(1, timestamp=old), track(2, timestamp=old)]})
    first, second = QuarantinedEvent.objects.order_by("message_id")
    actions.release(first, by=admin_member, now=timezone.now())
    assert Event.objects.get().is_late
    send({"batch": [track(2, timestamp=old)], "backfill": True})
    with pytest.raises(Refused) as refused:
        actions.release(second, by=admin_member, now=timezone.now())
    assert refused.value.code == "already_stored"


def test_an_organization_forgets_old_events_and_their_keys_stay(
    send: Send, organization: Organization, admin_member: Membership
) -> None:
    send({"batch": [track(1), track(2)]})
    Event.objects.filter(message_id="m-1").update(received_at=timezone.now() - timedelta(days=100))
    actions.save_settings(organization, SettingsDetails(retention_months=2), by=admin_member)
    actions.delete_for_organizations(now=timezone.now())
    assert Event.objects.get().message_id == "m-2"
    assert EventKey.objects.count() == 2
    assert results(send({"batch": [track(1)]}))[0]["status"] == "duplicate"
    assert AuditEntry.objects.filter(action="events.deleted").count() == 1


def test_the_installation_forgets_whole_months(send: Send, settings: Any) -> None:
    now = timezone.now()
    send({"batch": [track(1), track(2)]})
    partitions.ensure(now - timedelta(days=100), now)
    Event.objects.filter(message_id="m-1").update(received_at=now - timedelta(days=100))
    actions.keep_partitions(now=now)
    assert Event.objects.count() == 2
    settings.EVENT_RETENTION_MONTHS = 1
    actions.keep_partitions(now=now)
    assert Event.objects.get().message_id == "m-2"


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the table is plain elsewhere")
@pytest.mark.django_db
def test_coming_months_have_their_partition() -> None:
    now = datetime(2031, 11, 5, tzinfo=UTC)
    made = partitions.ensure_coming(now)
    assert [f"{month:%Y-%m}" for month in made] == ["2031-11", "2031-12", "2032-01", "2032-02"]
    assert partitions.ensure_coming(now) == []
    assert set(made) <= set(partitions.existing())


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the table is plain elsewhere")
def test_rows_without_a_month_wait_and_move_when_it_is_made(send: Send) -> None:
    send({"batch": [track(1)]})
    then = datetime(2033, 5, 5, tzinfo=UTC)
    Event.objects.update(received_at=then)

    def place() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT tableoid::regclass::text FROM tracking_event")
            return str(cursor.fetchone()[0])

    assert place() == "tracking_event_other"
    partitions.ensure(then, then)
    assert place() == "tracking_event_2033_05"
    assert Event.objects.get().received_at == then


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite stores any text")
def test_what_the_database_refuses_does_not_cost_the_batch(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    import re

    from apps.tracking import reading

    monkeypatch.setattr(reading, "NUL", re.compile(rb"(?!)"))
    found = results(send({"batch": [track(1), track(2, properties={"text": "a\x00b"}), track(3)]}))
    assert [result["status"] for result in found] == ["accepted", "rejected", "accepted"]
    assert found[1]["reason"] == "not_storable"


def test_the_demo_has_something_of_everything(organization: Organization, admin_member: Membership) -> None:
    now = timezone.now()
    for number in range(12):
        details = CustomerDetails(f"Guest {number}", f"guest{number}@example.com")
        customers.create_customer(details, organization=organization, by=admin_member, now=now)
    demo.fill(organization, random.Random(7), now=now, visitors=12, known=12)
    assert Customer.objects.count() == 12
    assert Event.objects.filter(is_bot=True).exists()
    assert Event.objects.with_violations().exists()
    assert {row.reason for row in QuarantinedEvent.objects.all()} == {"conflict", "too_old", "rejected"}
    assert TimelineEntry.objects.filter(domain="tracking", title="Order Completed").exists()
    assert not Todo.objects.exists()
