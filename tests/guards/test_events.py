"""Every event is heard by somebody, or says why it is announced all the same."""

from __future__ import annotations

from apps.core import outbox

HEARD_BY_NOBODY = {
    "accounts.MemberJoined": "For automations and outgoing webhooks.",
    "accounts.RoleChanged": "For automations and outgoing webhooks; rights are read with each request.",
    "accounts.MemberDeactivated": "For automations and outgoing webhooks; the action ends the sessions itself.",
    "accounts.MemberReactivated": "For automations and outgoing webhooks.",
    "accounts.ApiKeyRevoked": "For outgoing webhooks; a key is checked with each request.",
    "customers.CustomerCreated": "For segments, rollups and outgoing webhooks.",
    "customers.CustomerErased": "For rollups, models and outgoing webhooks; the apps erase by their parts.",
    "customers.CustomersMerged": "For segments, rollups and outgoing webhooks; lists read the records.",
    "customers.CustomersSplit": "For segments, rollups and outgoing webhooks; lists read the records.",
    "tracking.EventsReceived": "For segments, rollups and outgoing webhooks.",
    "tracking.DaysChanged": "For rollups, which compute these days again.",
    "imports.ImportFinished": "For rollups and outgoing webhooks; pages read the import's own state.",
    "imports.ImportUndone": "For rollups and outgoing webhooks; pages read the import's own state.",
    "lake.FileStored": "For outgoing webhooks; pages read the file's own state.",
    "lake.FileFailed": "For alerts to staff; Home and the lake's page read the file's own state.",
}


def ours() -> set[str]:
    return {name for name, event in outbox.EVENTS.items() if event.__module__.startswith("apps.")}


def test_every_event_has_a_subscriber_or_a_reason() -> None:
    unheard = {name for name in ours() if not outbox.SUBSCRIBERS.get(name)} - set(HEARD_BY_NOBODY)
    assert not unheard


def test_allow_list_holds_nothing_stale() -> None:
    stale = {name for name in HEARD_BY_NOBODY if name not in ours() or outbox.SUBSCRIBERS.get(name)}
    assert not stale


def test_handlers_only_listen_to_events_that_exist() -> None:
    assert {name for name in outbox.SUBSCRIBERS if outbox.SUBSCRIBERS[name]} <= set(outbox.EVENTS)
