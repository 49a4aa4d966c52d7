"""Why a link opens nothing: four refusals, each with its own page and status."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.core.refused import Refused


class InvalidLink(Refused):
    """Not one of our links, or not one for this. Code `link_invalid`."""

    def __init__(self) -> None:
        super().__init__(_("This link does not exist."), code="link_invalid")


class ExpiredLink(Refused):
    """Its time is over. Code `link_expired`."""

    def __init__(self) -> None:
        super().__init__(_("This link has expired."), code="link_expired")


class UsedLink(Refused):
    """It was used before. Code `link_used`."""

    def __init__(self) -> None:
        super().__init__(_("This link has been used already."), code="link_used")


class RevokedLink(Refused):
    """The sender took it back. Code `link_revoked`."""

    def __init__(self) -> None:
        super().__init__(_("This link was taken back."), code="link_revoked")


REFUSALS = (InvalidLink, ExpiredLink, RevokedLink, UsedLink)
