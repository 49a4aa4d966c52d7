"""The provider of an installation without one: mails stay in the browser outbox."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.messaging.providers.base import Mail, Receipt


class Outbox:
    """Keeps the mail where it is."""

    name = "outbox"
    is_configured = True
    breaker_host = ""

    @property
    def place(self) -> str:
        return "/outbox/"

    def send(self, mail: Mail) -> Receipt:
        return Receipt(mail.id, is_delivered=True)

    def check(self) -> str:
        return _("Mails are kept in the browser outbox; nobody gets them.")
