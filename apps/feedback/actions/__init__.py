"""What happens in feedback, once, for every interface. Call through the module: `actions.answer(…)`."""

from apps.feedback.actions.analysis import analyse, document, store_in_lake
from apps.feedback.actions.answering import Answered, answer
from apps.feedback.actions.asking import (
    may_be_asked,
    note_delivery,
    remind_next,
    request_survey,
    resend,
    revoke,
    stop_mails,
    survey_url,
    write_mail,
    write_next_mail,
)
from apps.feedback.actions.settings import SurveyChoices, save_settings

__all__ = [
    "Answered",
    "SurveyChoices",
    "analyse",
    "answer",
    "document",
    "may_be_asked",
    "note_delivery",
    "remind_next",
    "request_survey",
    "resend",
    "revoke",
    "save_settings",
    "stop_mails",
    "store_in_lake",
    "survey_url",
    "write_mail",
    "write_next_mail",
]
