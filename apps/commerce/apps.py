"""Start-up of commerce."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from apps.accounts.permissions import Can
from apps.core import navigation, search
from apps.core.navigation import NavItem


class CommerceConfig(AppConfig):
    """Commerce: products, orders, payments, refunds."""

    name = "apps.commerce"
    label = "commerce"
    verbose_name = _("Commerce")

    def ready(self) -> None:
        """Put the pages into the navigation, the panel onto the customer's page, orders into the search."""
        # Models are ready only now.
        from apps.commerce import imports, panels
        from apps.commerce.search import hits_for
        from apps.customers import panels as customer_panels
        from apps.imports import target

        target.register(*imports.ALL)
        customer_panels.register(panels.orders_panel, order=10)
        search.register(hits_for, order=20)
        navigation.register(
            NavItem(_("Commerce"), "", "shopping-cart", order=25, key="commerce"),
            NavItem(_("Orders"), "commerce:order_list", "receipt", Can.VIEW_ORDERS, order=10, section="commerce"),
            NavItem(_("Products"), "commerce:product_list", "package", Can.VIEW_ORDERS, order=20, section="commerce"),
            NavItem(
                _("Categories"), "commerce:category_tree", "category", Can.VIEW_ORDERS, order=30, section="commerce"
            ),
        )
