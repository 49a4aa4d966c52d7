"""Addresses of feedback."""

from __future__ import annotations

from django.urls import path

from apps.feedback.views import public, requests, responses, settings

app_name = "feedback"
# On the short way too: `config.short_urls`.
customer_pages = [path("s/<str:token>/", public.survey, name="survey")]
urlpatterns = [
    *customer_pages,
    path("responses/", responses.response_list, name="response_list"),
    path("responses/export/", responses.response_export, name="response_export"),
    path("responses/<int:pk>/", responses.response_detail, name="response_detail"),
    path("surveys/", requests.request_list, name="request_list"),
    path("surveys/<int:pk>/", requests.request_detail, name="request_detail"),
    path("surveys/<int:pk>/revoke/", requests.request_revoke, name="request_revoke"),
    path("surveys/<int:pk>/resend/", requests.request_resend, name="request_resend"),
    path("surveys/send/<int:customer_id>/", requests.survey_send, name="survey_send"),
    path("settings/survey/", settings.survey_settings, name="survey_settings"),
    path("settings/survey/preview/", settings.survey_preview, name="survey_preview"),
]
