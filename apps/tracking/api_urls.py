"""API routes of tracking. The libraries of senders write their addresses without a slash at the end."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.tracking.api.lists import EventList
from apps.tracking.api.receive import ReceiveBatch, ReceiveCall
from apps.tracking.receiving import CALLS

urlpatterns: list[URLPattern] = [
    path("events/", EventList.as_view(), name="api_event_list"),
    path("batch", ReceiveBatch.as_view(), name="api_event_batch"),
    path("batch/", ReceiveBatch.as_view()),
    *[path(call, ReceiveCall.as_view(call=call), name=f"api_event_{call}") for call in CALLS],
    *[path(f"{call}/", ReceiveCall.as_view(call=call)) for call in CALLS],
]
