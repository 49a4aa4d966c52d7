"""What the model said, made ours: checked, cleaned, capped. An answer that cannot be cleaned is not used."""

from __future__ import annotations

from apps.intelligence.answers import Provenance, WordWeight, WrittenEmail
from apps.intelligence.builtin.feeling import SHOWN_WORDS, Reading
from apps.intelligence.cleaning import is_plain, one_line, shortened
from apps.intelligence.provider.client import NoAnswer, Reply
from apps.intelligence.reasons import Reason

MAX_SUBJECT, MAX_GREETING, MAX_BUTTON = 120, 80, 40
MAX_PARAGRAPH, MAX_PARAGRAPHS = 500, 4
MAX_SUMMARY = 200


def survey_email(reply: Reply, provenance: Provenance) -> WrittenEmail:
    """The mail. Raises NoAnswer (unusable) for an empty or overlong part, HTML or a link."""
    values = reply.values
    paragraphs = tuple(_plain(paragraph, MAX_PARAGRAPH) for paragraph in values["paragraphs"])
    if not 1 <= len(paragraphs) <= MAX_PARAGRAPHS:
        raise NoAnswer(Reason.UNUSABLE, "number of paragraphs")
    return WrittenEmail(
        subject=_plain(values["subject"], MAX_SUBJECT),
        greeting=_plain(values["greeting"], MAX_GREETING),
        paragraphs=paragraphs,
        button_label=_plain(values["button_label"], MAX_BUTTON),
        provenance=provenance,
    )


def summary(reply: Reply) -> str:
    """The summary, cut between words where it is too long. Raises NoAnswer for nothing, HTML or a link."""
    return shortened(_plain(reply.values["summary"], 10 * MAX_SUMMARY), MAX_SUMMARY)


def reading(reply: Reply, comment: str) -> Reading:
    """What the text says. Words that are not in the comment were invented, and go; numbers are held to their range."""
    values = reply.values
    score = float(values["score"])
    if not -1 <= score <= 1:  # also false for NaN
        raise NoAnswer(Reason.UNUSABLE, "score out of range")
    language = values["language"].strip().lower()[:2]
    lowered = comment.lower()
    words = tuple(
        WordWeight(word=word, weight=round(max(-1.0, min(1.0, float(each["weight"]))), 3))
        for each in values["words"][:SHOWN_WORDS]
        if (word := one_line(each["word"])[:60].lower()) and word in lowered and each["weight"] == each["weight"]
    )
    return Reading(
        round(score, 3) if values["readable"] == "yes" else None,
        words,
        language if language.isascii() and language.isalpha() else "",
    )


def _plain(text: str, limit: int) -> str:
    line = one_line(text)
    if not line or len(line) > limit or not is_plain(text):
        raise NoAnswer(Reason.UNUSABLE, "not plain text of the right length")
    return line
