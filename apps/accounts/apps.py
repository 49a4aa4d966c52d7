"""Start-up of accounts."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from apps.accounts.permissions import Can
from apps.core import navigation
from apps.core.navigation import ACCOUNT, NavItem


class AccountsConfig(AppConfig):
    """Organisations, people, roles, keys."""

    name = "apps.accounts"
    label = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        """Put the pages into the menus."""
        settings = "settings"
        navigation.register(
            NavItem(_("Settings"), "", "settings", key=settings, order=900),
            NavItem(
                _("Organisation"),
                "accounts:organization",
                "building",
                Can.MANAGE_ORGANIZATION,
                order=10,
                section=settings,
            ),
            NavItem(_("Sender"), "accounts:sender", "at", Can.MANAGE_ORGANIZATION, order=20, section=settings),
            NavItem(_("Team"), "accounts:team", "users-group", Can.VIEW_TEAM, order=30, section=settings),
            NavItem(_("Roles"), "accounts:roles", "shield-check", Can.VIEW_TEAM, order=40, section=settings),
            NavItem(_("API keys"), "accounts:api_keys", "api", Can.MANAGE_API_KEYS, order=80, section=settings),
            NavItem(_("Audit log"), "accounts:audit_log", "history", Can.VIEW_AUDIT_LOG, order=90, section=settings),
            NavItem(_("Profile"), "accounts:profile", "user-circle", section=ACCOUNT, order=10),
            NavItem(_("Second factor"), "mfa_index", "shield-lock", section=ACCOUNT, order=20),
            NavItem(_("Switch organisation"), "accounts:organizations", "building", section=ACCOUNT, order=30),
        )
