"""Start-up of lake."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LakeConfig(AppConfig):
    """Files in the data lake."""

    name = "apps.lake"
    label = "lake"
    verbose_name = _("Data lake")

    def ready(self) -> None:
        """Put the settings page into the navigation, and the gauges into the metrics."""
        from apps.accounts.permissions import Can
        from apps.core import navigation
        from apps.lake import metrics as _metrics  # noqa: F401

        navigation.register(
            navigation.NavItem(
                _("Data lake"), "lake:file_list", "database", Can.MANAGE_PROVIDERS, order=70, section="settings"
            )
        )
