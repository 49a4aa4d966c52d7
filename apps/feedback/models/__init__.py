"""What we ask customers, and what they answer."""

from apps.feedback.models.request import Delivery, RequestState, SurveyRequest
from apps.feedback.models.response import LONGEST_COMMENT, Response, SentimentLabel
from apps.feedback.models.settings import SurveySettings, Wording

__all__ = [
    "LONGEST_COMMENT",
    "Delivery",
    "RequestState",
    "Response",
    "SentimentLabel",
    "SurveyRequest",
    "SurveySettings",
    "Wording",
]
