"""Addresses of tracking."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.tracking.views import events, plan, quarantine, sending, sources

app_name = "tracking"
# On the short way too: `config.short_urls`.
sender_pages = [path("t.js", sending.script, name="script"), *sending.addresses("v1/")]
urlpatterns: list[URLPattern] = [
    *sender_pages,
    path("events/", events.event_list, name="event_list"),
    path("events/violations/", events.violation_list, name="violation_list"),
    path("events/<int:pk>/", events.event_detail, name="event_detail"),
    path("events/quarantine/", quarantine.quarantine_list, name="quarantine_list"),
    path("events/quarantine/<int:pk>/", quarantine.quarantine_detail, name="quarantine_detail"),
    path("events/quarantine/<int:pk>/decide/", quarantine.quarantine_decide, name="quarantine_decide"),
    path("events/sources/", sources.source_list, name="source_list"),
    path("events/sources/<int:pk>/", sources.source_edit, name="source_edit"),
    path("events/sources/<int:pk>/live/", events.source_live, name="source_live"),
    path("events/sources/<int:pk>/revoke/", sources.source_revoke, name="source_revoke"),
    path("events/plan/", plan.plan, name="plan"),
    path("events/plan/new/", plan.plan_event_new, name="plan_event_new"),
    path("events/plan/<int:pk>/", plan.plan_event_edit, name="plan_event_edit"),
    path("events/plan/<int:pk>/remove/", plan.plan_event_remove, name="plan_event_remove"),
    path("customers/<int:pk>/events/", events.customer_events, name="customer_events"),
]
