"""Beat entries of feedback."""

from __future__ import annotations

from apps.core.schedule import Every, declare

declare(
    Every("feedback.write_survey_mails", seconds=30),
    Every("feedback.send_reminders", seconds=300),
    Every("feedback.analyse_responses", seconds=60),
    Every("feedback.store_responses", seconds=900),
)
