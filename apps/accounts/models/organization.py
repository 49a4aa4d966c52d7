"""The company whose data this is."""

from __future__ import annotations

import hashlib
import zoneinfo

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


def validate_time_zone(name: str) -> None:
    """Raises ValidationError unless the name is in the time zone database."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("“%(name)s” is not a time zone."), params={"name": name})


_logo_signer = signing.Signer(salt="accounts.logo", sep=".")


class Organization(models.Model):
    """One tenant: everything else belongs to exactly one."""

    name = models.CharField(_("name"), max_length=150)
    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_time_zone])
    currency = models.CharField(
        _("currency"),
        max_length=3,
        default="EUR",
        validators=[RegexValidator(r"^[A-Z]{3}\Z", _("Three capital letters."))],
    )
    language = models.CharField(_("language"), max_length=10, default="en")
    country = models.CharField(
        _("country"),
        max_length=2,
        blank=True,
        help_text=_("Two letters; how phone numbers without a country are read."),
    )
    logo = models.ImageField(_("logo"), upload_to="logos", blank=True)
    brand_colour = models.CharField(
        _("brand colour"), max_length=7, default="#2f6fed", validators=[RegexValidator(r"^#[0-9a-fA-F]{6}\Z")]
    )
    sender_name = models.CharField(_("sender name"), max_length=100, blank=True)
    sender_email = models.EmailField(_("sender address"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    change_is_told = True  # remembered between requests: `core/memory.py`

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """Its time zone."""
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def logo_path(self) -> str:
        """Where everybody who gets mail of it finds the logo, "" without one; another logo has another address."""
        if not self.logo:
            return ""
        version = hashlib.blake2b(str(self.logo.name).encode(), digest_size=4).hexdigest()
        # Customers' pages have a URLconf of their own, in which this address does not stand.
        place = reverse("accounts:public_logo", args=[_logo_signer.sign(str(self.pk))], urlconf=settings.ROOT_URLCONF)
        return f"{place}?v={version}"

    @staticmethod
    def pk_of_logo(token: str) -> int | None:
        """Whose logo an address of ours shows; None for one that we never wrote."""
        try:
            return int(_logo_signer.unsign(token))
        except (signing.BadSignature, ValueError):
            return None
