"""A status says the same thing everywhere: one word, one tone, one icon, declared where the status is declared."""

from __future__ import annotations

from typing import Self

from django.db.models import TextChoices


class StatusChoices(TextChoices):
    """Choices whose members also carry `tone` (good, warn, bad, info, primary, neutral) and `icon` (in icons.txt).

    class DeliveryState(StatusChoices):
        QUEUED = "queued", "neutral", "clock", _("Queued")

    `{% status message.state_choice %}` prints the badge; `DeliveryState(message.state)` gives the member.
    """

    tone: str
    icon: str

    def __new__(cls, value: str, tone: str = "neutral", icon: str = "circle") -> Self:
        member = str.__new__(cls, value)
        member._value_, member.tone, member.icon = value, tone, icon
        return member
