"""A summary in the person's own words: the one or two sentences that say most, in their order."""

from __future__ import annotations

import math
import re
from collections import Counter

from apps.intelligence.builtin.english import english
from apps.intelligence.builtin.german import german
from apps.intelligence.builtin.language import COMMON, language_of
from apps.intelligence.builtin.polarity import polarity, tokens_of
from apps.intelligence.cleaning import one_line, shortened

MODEL = "compass-extract-1"
MAX_CHARACTERS = 200
SHORT_WORDS = 3

_SENTENCES = re.compile(r"(?<=[.!?…])\s+|\n+")
_COMMON = frozenset(" ".join(COMMON.values()).split())


def summarize(comment: str, stars: int, hint: str = "") -> str:
    """At most 200 characters: the best sentence, and the second best where it fits too. Nothing random."""
    sentences = [sentence for part in _SENTENCES.split(comment) if (sentence := one_line(part))]
    if not sentences:
        return ""
    whole = " ".join(sentences)
    if len(whole) <= MAX_CHARACTERS:
        return whole
    ranked = sorted(range(len(sentences)), key=lambda place: (-_weight(sentences, place, stars, hint), place))
    chosen = [ranked[0]]
    for place in ranked[1:]:
        if len(sentences[ranked[0]]) + 1 + len(sentences[place]) <= MAX_CHARACTERS:
            chosen.append(place)
            break
    return shortened(" ".join(sentences[place] for place in sorted(chosen)), MAX_CHARACTERS)


def _weight(sentences: list[str], place: int, stars: int, hint: str) -> float:
    """How much a sentence says: words that the whole comment is about, feeling, its place, agreement with the stars."""
    about = Counter(word for sentence in sentences for word in _meaningful(sentence))
    words = _meaningful(sentences[place])
    if len(words) < SHORT_WORDS:
        return 0.0
    topic: float = sum(about[word] for word in set(words)) / math.sqrt(len(words))
    list_of_words = german() if language_of(" ".join(sentences), hint) == "de" else english()
    mood = polarity(tokens_of(sentences[place]), list_of_words)
    agrees = (mood > 0) == (stars >= 4) if mood and stars != 3 else False
    edge = 0.5 if place in (0, len(sentences) - 1) else 0.0
    return topic / 4 + abs(mood) + (0.5 if agrees else 0.0) + edge


def _meaningful(sentence: str) -> list[str]:
    return [
        token.lower
        for token in tokens_of(sentence)
        if not token.is_mark and token.lower not in _COMMON and len(token.text) > 2
    ]
