"""Start-up of tracking."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from apps.accounts.permissions import Can
from apps.core import navigation
from apps.core.navigation import NavItem


class TrackingConfig(AppConfig):
    """Tracking: what customers do on websites and in products."""

    name = "apps.tracking"
    label = "tracking"
    verbose_name = _("Tracking")

    def ready(self) -> None:
        """Make partitions after migrate; put the pages into the navigation and the panel onto the customer's page."""
        from apps.customers import panels as customer_panels
        from apps.tracking import panels, partitions

        post_migrate.connect(partitions.after_migrate, sender=self)
        customer_panels.register(panels.events_panel, order=40)
        section = {"section": "tracking"}
        navigation.register(
            NavItem(_("Events"), "", "activity", order=25, key="tracking"),
            NavItem(_("Live"), "tracking:event_list", "broadcast", Can.VIEW_EVENTS, order=10, **section),
            NavItem(_("Violations"), "tracking:violation_list", "alert-triangle", Can.VIEW_EVENTS, order=20, **section),
            NavItem(_("Quarantine"), "tracking:quarantine_list", "shield-x", Can.VIEW_EVENTS, order=30, **section),
            NavItem(_("Sources"), "tracking:source_list", "plug-connected", Can.MANAGE_TRACKING, order=40, **section),
            NavItem(_("Tracking plan"), "tracking:plan", "clipboard-check", Can.MANAGE_TRACKING, order=50, **section),
        )
