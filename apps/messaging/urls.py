"""Addresses of messaging."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.messaging.views import messages, outbox, providers, suppressions, unsubscribing, webhooks

app_name = "messaging"
urlpatterns: list[URLPattern] = [
    path("settings/providers/", providers.provider_list, name="provider_list"),
    path("settings/providers/<slug:name>/test/", providers.provider_test, name="provider_test"),
    path("settings/suppressions/", suppressions.suppression_list, name="suppression_list"),
    path("settings/suppressions/<int:pk>/release/", suppressions.suppression_release, name="suppression_release"),
    path("messages/<int:pk>/resend/", messages.message_resend, name="message_resend"),
    path("outbox/", outbox.outbox_list, name="outbox_list"),
    path("outbox/<int:pk>/", outbox.outbox_detail, name="outbox_detail"),
    path("outbox/<int:pk>/html/", outbox.outbox_html, name="outbox_html"),
    path("u/<str:token>/", unsubscribing.unsubscribe, name="unsubscribe"),
    path("webhooks/sendgrid/", webhooks.sendgrid_events, name="sendgrid_events"),
    path("webhooks/ses/", webhooks.ses_events, name="ses_events"),
]
