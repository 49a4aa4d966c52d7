"""Start-up of customers."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from apps.accounts.permissions import Can
from apps.core import navigation, search
from apps.core.navigation import NavItem
from apps.messaging import unsubscribing


class CustomersConfig(AppConfig):
    """The one customer record: customer, branch, staff, visit, consent, timeline."""

    name = "apps.customers"
    label = "customers"
    verbose_name = _("Customers")

    def ready(self) -> None:
        """Put the pages into the navigation, and customers into the search from anywhere."""
        # Models are ready only now.
        from apps.customers import panels
        from apps.customers.imports import CUSTOMERS
        from apps.customers.privacy_panel import privacy_panel
        from apps.customers.search import hits_for
        from apps.customers.views.identity import identity_panel
        from apps.customers.visit_imports import VISITS
        from apps.imports import target

        target.register(CUSTOMERS, VISITS)
        search.register(hits_for, order=10)
        panels.register(identity_panel, order=80)
        panels.register(privacy_panel, order=90)
        unsubscribing.register_preferences("customers:preferences")
        navigation.register(
            NavItem(_("New visit"), "customers:visit_new", "clipboard-check", Can.RECORD_VISITS, order=10),
            NavItem(_("Customers"), "customers:customer_list", "users", Can.VIEW_CUSTOMERS, order=20),
            NavItem(_("Advanced search"), "customers:search", "user-search", Can.VIEW_CUSTOMERS, order=22),
            NavItem(
                _("Fields of customers"),
                "customers:field_list",
                "list-details",
                Can.MANAGE_FIELDS,
                order=52,
                section="settings",
            ),
            NavItem(_("Tags"), "customers:tag_list", "tags", Can.MANAGE_FIELDS, order=53, section="settings"),
            NavItem(_("Duplicates"), "customers:duplicate_list", "git-merge", Can.MERGE_CUSTOMERS, order=25),
            NavItem(_("Privacy requests"), "customers:privacy_list", "shield-lock", Can.HANDLE_PRIVACY, order=28),
            NavItem(
                _("Privacy"),
                "customers:privacy_settings",
                "shield-lock",
                Can.HANDLE_PRIVACY,
                order=65,
                section="settings",
            ),
            NavItem(
                _("Branches and staff"),
                "customers:branch_list",
                "building-store",
                Can.MANAGE_BRANCHES,
                order=50,
                section="settings",
            ),
            NavItem(
                _("Consent notice"),
                "customers:notice_edit",
                "clipboard-check",
                Can.MANAGE_SURVEYS,
                order=60,
                section="settings",
            ),
        )
