"""What feedback announces."""

from __future__ import annotations

from dataclasses import dataclass

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class SurveyRequested(Event):
    """A customer was asked; the mail is in messaging's hands."""

    request_id: int
    customer_id: int


@dataclass(frozen=True, kw_only=True)
class ResponseSubmitted(Event):
    """A customer answered. Written by the statement of `actions/answering.py`; the fields must agree with it."""

    response_id: int
    request_id: int
    customer_id: int
    stars: int


@dataclass(frozen=True, kw_only=True)
class ResponseAnalysed(Event):
    """We know how the customer felt. `sentiment` is positive, neutral or negative."""

    response_id: int
    customer_id: int
    stars: int
    sentiment: str
    is_contradiction: bool
