"""Start-up of forms."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FormsConfig(AppConfig):
    """One-time links."""

    name = "apps.forms"
    label = "compass_forms"  # django.forms owns the short one
    verbose_name = _("Forms")
