"""The text's mood with the words that drove it, and what stars and text say together."""

from __future__ import annotations

from dataclasses import dataclass

from apps.intelligence.answers import Label, WordWeight
from apps.intelligence.builtin.english import english
from apps.intelligence.builtin.german import german
from apps.intelligence.builtin.language import READABLE, language_of
from apps.intelligence.builtin.polarity import Token, polarity, tokens_of
from apps.intelligence.builtin.wordlist import EMOJI, WordList

MODEL = "compass-words-1"
MAX_CHARACTERS = 5000
SHOWN_WORDS = 8

# Where a text alone counts as positive or negative. Tuned on half of the reviews in `bench/sentiment.py`: people are
# kinder in words than in stars, so "neutral" reaches further down than up.
POSITIVE_FROM, NEGATIVE_UNTIL = 0.25, -0.4

BLANK = Token("·", "·", False)

STARS_WEIGHT = 0.6
LABEL_BAND = 0.2


@dataclass(frozen=True)
class Reading:
    """What the text alone says; `score` None when it says nothing that we can read."""

    score: float | None
    words: tuple[WordWeight, ...]
    language: str


def read(comment: str, hint: str = "") -> Reading:
    """Read a comment in English or German; any other language is named (where known) and not judged."""
    text = comment[:MAX_CHARACTERS]
    language = language_of(text, hint) or _language_of_feelings(text)
    if language not in READABLE:
        return Reading(None, (), language)
    words = german() if language == "de" else english()
    tokens = tokens_of(text)
    score = polarity(tokens, words)
    return Reading(round(score, 3), _drivers(tokens, score, words), language)


def text_label(score: float) -> Label:
    """What a text's score alone is called."""
    return "positive" if score >= POSITIVE_FROM else "negative" if score <= NEGATIVE_UNTIL else "neutral"


def combine(stars: int, text_score: float | None) -> tuple[Label, float, bool]:
    """Stars (1–5) and text together: label, score (−1 … 1), and whether they contradict each other.

    Stars weigh more than words, because they were chosen on purpose. Where the two contradict each other, one of them
    is a slip and nobody knows which: they weigh the same, and the label stays neutral until a person has looked.
    """
    given = (stars - 3) / 2
    if text_score is None:
        return _label(given), given, False
    said = text_label(text_score)
    is_contradiction = (stars >= 4 and said == "negative") or (stars <= 2 and said == "positive")
    weight = 0.5 if is_contradiction else STARS_WEIGHT
    score = round(weight * given + (1 - weight) * text_score, 3)
    return "neutral" if is_contradiction else _label(score), score, is_contradiction


def _label(score: float) -> Label:
    return "positive" if score >= LABEL_BAND else "negative" if score <= -LABEL_BAND else "neutral"


def _language_of_feelings(text: str) -> str:
    """For a word or two without a common one ("Katastrophe!", "👍"): the language whose list knows them."""
    tokens = [token.lower for token in tokens_of(text)]
    if not any(sign.isalpha() for sign in text):
        return "en" if any(token in EMOJI for token in tokens) else ""
    if len(tokens) > 6:
        return ""
    return next((words.code for words in (german(), english()) if any(map(words.valence, tokens))), "")


def _drivers(tokens: list[Token], score: float, words: WordList) -> tuple[WordWeight, ...]:
    """Blank one word out (wherever it stands) and see how far the score moves.

    Blanked and not removed: else a "not" would reach words that it never meant.
    """
    row = [token.lower for token in tokens]
    in_phrases = {word for phrase in words.phrases_in(row) for word in phrase}
    weights = []
    for word in dict.fromkeys(each for each in row if each in in_phrases or words.can_matter(each)):
        without = polarity([BLANK if token.lower == word else token for token in tokens], words)
        weight = round(score - without, 3)
        if abs(weight) >= 0.01:
            weights.append(WordWeight(word=word, weight=weight))
    return tuple(sorted(weights, key=lambda each: (-abs(each.weight), each.word))[:SHOWN_WORDS])
