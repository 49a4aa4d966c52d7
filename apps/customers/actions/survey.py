"""Whether a survey follows a visit: asked here, answered by the floor above."""

from __future__ import annotations

from collections.abc import Callable

from apps.customers.models import Visit

Decision = Callable[[Visit], bool]


class SurveyTrigger:
    """The place where feedback registers its rule, in `AppConfig.ready()`: `SURVEY_TRIGGER.register(will_send)`.

    The survey itself is sent by feedback's handler of `VisitRecorded`, which asks the same rule. It is asked after the
    visit and each time somebody opens the visit's page, so a yes stays a yes when the survey is on its way.
    """

    def __init__(self) -> None:
        self._decide: Decision | None = None

    def register(self, decide: Decision) -> None:
        """Use this rule from now on."""
        self._decide = decide

    def follows(self, visit: Visit) -> bool:
        """Whether a survey will be sent for this visit; never where nobody registered a rule."""
        return self._decide is not None and self._decide(visit)


SURVEY_TRIGGER = SurveyTrigger()
