"""Start-up of imports."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ImportsConfig(AppConfig):
    """Imports: files that become rows."""

    name = "apps.imports"
    label = "imports"
    verbose_name = _("Imports")

    def ready(self) -> None:
        """Put the page into the navigation, and the gauges into the metrics."""
        from apps.accounts.permissions import Can
        from apps.core import navigation
        from apps.imports import gauges as _gauges  # noqa: F401
        from apps.imports import privacy as _privacy  # noqa: F401

        navigation.register(
            navigation.NavItem(_("Import"), "imports:run_list", "file-import", Can.IMPORT_DATA, order=80)
        )
