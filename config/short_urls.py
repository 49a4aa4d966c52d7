"""What is on the short way (`apps.core.short_path`): no cookies, no session. It stands in its app's `urls.py` too."""

from __future__ import annotations

from django.urls import include, path

from apps.customers.api.customers import plain_customer_list
from apps.feedback.api import plain_response_list
from apps.feedback.urls import customer_pages
from apps.tracking.views.sending import short_pages

urlpatterns = [
    path("", include((customer_pages, "feedback"))),
    path("", include((short_pages, "tracking"))),
    path("api/v1/customers/", plain_customer_list, name="api_customer_list"),
    path("api/v1/feedback/responses/", plain_response_list, name="api_response_list"),
]
