"""Addresses of accounts."""

from __future__ import annotations

from django.urls import URLPattern, path

from apps.accounts.views import audit, joining, keys, organization, profile, team

app_name = "accounts"
urlpatterns: list[URLPattern] = [
    path("profile/", profile.profile, name="profile"),
    path("profile/sessions/<int:pk>/end/", profile.session_end, name="session_end"),
    path("organizations/", profile.organizations, name="organizations"),
    path("organizations/<int:pk>/switch/", profile.organization_switch, name="organization_switch"),
    path("invitations/<str:secret>/", joining.invitation, name="invitation"),
    path("settings/organization/", organization.organization, name="organization"),
    path("settings/organization/logo/", organization.logo, name="logo"),
    path("logo/<str:token>/", organization.public_logo, name="public_logo"),
    path("settings/sender/", organization.sender, name="sender"),
    path("settings/team/", team.team, name="team"),
    path("settings/team/<int:pk>/", team.member_change, name="member_change"),
    path("settings/team/<int:pk>/deactivate/", team.member_deactivate, name="member_deactivate"),
    path("settings/team/<int:pk>/reactivate/", team.member_reactivate, name="member_reactivate"),
    path("settings/invitations/<int:pk>/resend/", team.invitation_resend, name="invitation_resend"),
    path("settings/invitations/<int:pk>/revoke/", team.invitation_revoke, name="invitation_revoke"),
    path("settings/roles/", team.roles, name="roles"),
    path("settings/api-keys/", keys.api_keys, name="api_keys"),
    path("settings/api-keys/<int:pk>/revoke/", keys.api_key_revoke, name="api_key_revoke"),
    path("settings/audit-log/", audit.audit_log, name="audit_log"),
    # Before allauth's own: these doors stay closed.
    path("accounts/email/", joining.closed),
    path("accounts/confirm-email/", joining.closed),
    path("accounts/confirm-email/<str:key>/", joining.closed),
    path("_allauth/<str:client>/v1/account/email", joining.closed),
    path("_allauth/<str:client>/v1/account/phone", joining.closed),
]
