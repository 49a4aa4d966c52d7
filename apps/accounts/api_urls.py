"""API routes of accounts, under /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.accounts.api import keys, users

urlpatterns: list[URLPattern] = [
    path("users/", users.UserList.as_view(), name="api_user_list"),
    path("users/me/", users.Me.as_view(), name="api_me"),
    path("users/invitations/", users.InvitationList.as_view(), name="api_invitation_list"),
    path("users/<int:pk>/", users.UserDetail.as_view(), name="api_user_detail"),
    path("api-keys/", keys.ApiKeyList.as_view(), name="api_api_key_list"),
    path("api-keys/<int:pk>/", keys.ApiKeyDetail.as_view(), name="api_api_key_detail"),
]
