"""The shapes that the model has to answer in. Imported where a call is made: pydantic costs every start otherwise."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class SurveyEmail(BaseModel):
    """A survey mail in parts."""

    subject: str
    greeting: str
    paragraphs: list[str]
    button_label: str


class FeedbackSummary(BaseModel):
    """A summary of one comment."""

    summary: str


class DrivingWord(BaseModel):
    """A word of the comment and how far it moves the mood."""

    word: str
    weight: float


class CommentSentiment(BaseModel):
    """The mood of one comment, from its words alone."""

    score: float
    language: str
    words: list[DrivingWord]
    readable: Literal["yes", "no"]


SCHEMAS: dict[str, type[BaseModel]] = {
    schema.__name__: schema for schema in (SurveyEmail, FeedbackSummary, CommentSentiment)
}
