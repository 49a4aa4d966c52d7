"""API routes of messaging, under /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.messaging import api

urlpatterns: list[URLPattern] = [
    path("messages/", api.MessageList.as_view(), name="api_messages"),
    path("messages/<uuid:public_id>/", api.MessageDetail.as_view(), name="api_message"),
    path("suppressions/", api.SuppressionList.as_view(), name="api_suppressions"),
    path("suppressions/<int:pk>/release/", api.SuppressionRelease.as_view(), name="api_suppression_release"),
]
