"""Start-up of messaging."""

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.accounts.permissions import Can
from apps.core import navigation
from apps.core.navigation import NavItem


class MessagingConfig(AppConfig):
    """E-mail out: one durable row per message, provider chain, delivery states, suppression."""

    name = "apps.messaging"
    label = "messaging"
    verbose_name = _("Messaging")

    def ready(self) -> None:
        """Put the pages into the navigation; the outbox only where mails end there."""
        navigation.register(
            NavItem(
                _("Mail providers"),
                "messaging:provider_list",
                "send",
                Can.MANAGE_PROVIDERS,
                order=50,
                section="settings",
            )
        )
        navigation.register(
            NavItem(
                _("Held-back addresses"),
                "messaging:suppression_list",
                "mail-off",
                Can.MANAGE_SUPPRESSIONS,
                order=52,
                section="settings",
            )
        )
        if "outbox" in settings.EMAIL_PROVIDERS:
            navigation.register(NavItem(_("Outbox"), "messaging:outbox_list", "mail", Can.VIEW_OUTBOX, order=800))
