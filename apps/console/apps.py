"""Start-up of the console."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from apps.accounts.permissions import Can
from apps.core import navigation
from apps.core.navigation import NavItem


class ConsoleConfig(AppConfig):
    """What joins the domains: set-up wizard, Home, demo data, the start of an installation."""

    name = "apps.console"
    label = "console"
    verbose_name = _("Console")

    def ready(self) -> None:
        """Put Home into the sidebar."""
        navigation.register(NavItem(_("Home"), "console:home", "home", Can.USE_APP, order=0))
