"""What goes into the interface and what comes out of it: small frozen values, the same from every engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Engine = Literal["openai", "built-in"]
Label = Literal["positive", "neutral", "negative"]


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Who made a text or a judgement: stored beside it, so that each row says where it comes from.

    `reason` is empty, or one of `Reason` when the built-in models stood in for the configured provider.
    """

    engine: Engine
    model: str
    prompt_version: str
    reason: str = ""

    @property
    def is_fallback(self) -> bool:
        """Whether the configured provider should have answered and did not."""
        return bool(self.reason)


@dataclass(frozen=True, kw_only=True)
class SurveyEmailBrief:
    """What a survey e-mail is about. Nothing else about the person may leave the house."""

    first_name: str
    purpose: str
    branch_name: str
    language: str = "en"


@dataclass(frozen=True, kw_only=True)
class WrittenEmail:
    """Plain text in parts: no HTML, no links, no line breaks inside a part. The mail's template sets them."""

    subject: str
    greeting: str
    paragraphs: tuple[str, ...]
    button_label: str
    provenance: Provenance


@dataclass(frozen=True, kw_only=True)
class Summary:
    """At most 200 characters of plain text; empty when there was nothing to summarise."""

    text: str
    provenance: Provenance


@dataclass(frozen=True, kw_only=True)
class WordWeight:
    """A word of the comment and how far it moved the text's score (−1 … 1)."""

    word: str
    weight: float


@dataclass(frozen=True, kw_only=True)
class Sentiment:
    """How somebody felt, from stars and text together.

    Args:
        score: −1 (angry) … 1 (delighted), stars and text together.
        label: follows from the score; a contradiction is neutral until a person has looked.
        text_score: the text alone, or None where there is no text or it is in a language that the engine cannot read.
        is_contradiction: stars and text say opposite things ("5 stars, angry text").
        words: what drove `text_score`, the strongest first.
        language: what the text is written in as far as the engine can tell ("en", "de", "" for unknown).
    """

    label: Label
    score: float
    text_score: float | None
    is_contradiction: bool
    words: tuple[WordWeight, ...]
    language: str
    provenance: Provenance
