"""Start-up of intelligence."""

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class IntelligenceConfig(AppConfig):
    """Language model and built-in models behind one interface."""

    name = "apps.intelligence"
    label = "intelligence"
    verbose_name = _("Intelligence")

    def ready(self) -> None:
        """Declare the rate limit; put the settings page into the navigation."""
        from apps.accounts.permissions import Can
        from apps.core import navigation, ratelimit
        from apps.intelligence.asking import RATE_POLICY

        ratelimit.POLICIES[RATE_POLICY] = ratelimit.Policy(RATE_POLICY, settings.OPENAI_REQUESTS_PER_MINUTE, 60)
        navigation.register(
            navigation.NavItem(
                _("Language"), "intelligence:settings", "sparkles", Can.MANAGE_PROVIDERS, order=60, section="settings"
            )
        )
