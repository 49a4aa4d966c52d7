"""Who carries mails: the chain that `EMAIL_PROVIDERS` names, in its order."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings

from apps.messaging.providers.base import Provider
from apps.messaging.providers.outbox import Outbox
from apps.messaging.providers.sendgrid import SendGrid
from apps.messaging.providers.ses import Ses
from apps.messaging.providers.smtp import Smtp

PROVIDERS: dict[str, Callable[[], Provider]] = {"sendgrid": SendGrid, "ses": Ses, "smtp": Smtp, "outbox": Outbox}


def named() -> list[Provider]:
    """Every provider that the configuration names, also those without a key; unknown names are left out."""
    return [PROVIDERS[name]() for name in settings.EMAIL_PROVIDERS if name in PROVIDERS]


def chain() -> list[Provider]:
    """The providers that can be tried, in order."""
    return [provider for provider in named() if provider.is_configured]
