"""API routes of feedback, under /api/v1/."""

from __future__ import annotations

from django.urls import path

from apps.feedback import api

urlpatterns = [
    path("surveys/trigger/<int:customer_id>/", api.SurveyTrigger.as_view(), name="api_survey_trigger"),
    # Before the token's route: a token is never the word "responses".
    path("feedback/responses/", api.ResponseList.as_view(), name="api_response_list"),
    path("feedback/<str:token>/", api.SurveyByLink.as_view(), name="api_survey_by_link"),
]
