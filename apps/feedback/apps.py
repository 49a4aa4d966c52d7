"""Start-up of feedback."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from apps.accounts.permissions import Can
from apps.core import navigation
from apps.core.navigation import NavItem


class FeedbackConfig(AppConfig):
    """Survey requests, responses, what they say."""

    name = "apps.feedback"
    label = "feedback"
    verbose_name = _("Feedback")

    def ready(self) -> None:
        """Put the pages into the navigation, the panel onto the customer's page, the rule behind visits."""
        from apps.customers import actions as customers
        from apps.customers import panels as customer_panels
        from apps.feedback import actions, panels
        from apps.feedback.imports import REVIEWS
        from apps.imports import target

        target.register(REVIEWS)

        customers.SURVEY_TRIGGER.register(lambda visit: actions.may_be_asked(visit.customer))
        customer_panels.register(panels.feedback_panel, order=20)
        navigation.register(
            NavItem(_("Feedback"), "", "star", order=30, key="feedback"),
            NavItem(_("Responses"), "feedback:response_list", "star", Can.VIEW_RESPONSES, order=10, section="feedback"),
            NavItem(
                _("Surveys sent"), "feedback:request_list", "mail-fast", Can.SEND_SURVEYS, order=20, section="feedback"
            ),
            NavItem(_("Survey"), "feedback:survey_settings", "star", Can.MANAGE_SURVEYS, order=55, section="settings"),
        )
