"""How positive or negative a text is, from a word list and the grammar around each word.

The rules follow VADER (Hutto & Gilbert 2014) for boosters, capitals and "but", and SO-CAL (Taboada et al.,
"Lexicon-Based Methods for Sentiment Analysis", Computational Linguistics 37(2), 2011) for negation that shifts inside
its clause, for irrealis ("wanted to love") and for the heavier weight of negative words: people who write reviews are
polite, so that a complaint says more than a compliment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from apps.intelligence.builtin.wordlist import WordList

NEGATION_REACH = 4
IRREALIS_REACH = 5
BOOSTER_REACH = 2

NEGATIVE_WEIGHT = 1.25
NEGATED_PRAISE = -0.8
NEGATED_BLAME = -0.3
IRREALIS_PRAISE = 0.3
BEFORE_TURN, AFTER_TURN = 0.7, 1.2
CONCESSION = 0.5
QUESTION = 0.5
CAPITALS = 1.25
EXCLAMATION = 0.08
LAST_SENTENCE = 1.2
# The score of a text whose feelings add up to this is 0.7.
SCALE = 5.0

_TOKEN = re.compile(
    r"[^\W\d_]+(?:['’-][^\W\d_]+)*|[:;=]-?[)(DPp/|]|<3|[.!?;,:()\n—–]+|[\U0001F300-\U0001FAFF\u2600-\u27BF]"
)
_SMILES = {":)", ":(", ";)", ";(", ":-)", ":-("}
_MARKS = ".!?;,:()\n—–"
_SENTENCE_END = re.compile(r"[.!?\n]")
_PAUSE = re.compile(r"[;,:()—–]")


@dataclass(frozen=True, slots=True)
class Token:
    """A word as written, or a mark."""

    text: str
    lower: str
    is_mark: bool


def tokens_of(text: str) -> list[Token]:
    """Words and the marks between them."""
    found = []
    for match in _TOKEN.finditer(text):
        piece = match[0].replace("’", "'")
        found.append(Token(piece, piece.lower(), all(sign in _MARKS for sign in piece) and piece not in _SMILES))
    return found


def polarity(tokens: list[Token], words: WordList) -> float:
    """The mood of the text, −1 … 1; 0 when no word says anything."""
    sentences = list(_sentences(tokens))
    total, is_felt = 0.0, False
    shouting = _is_shouting(tokens)
    for number, sentence in enumerate(sentences):
        weight = LAST_SENTENCE if number == len(sentences) - 1 and len(sentences) > 1 else 1.0
        for feeling in _feelings(sentence, words, shouting=shouting):
            is_felt = is_felt or feeling != 0
            total += weight * feeling * (NEGATIVE_WEIGHT if feeling < 0 else 1.0)
    if not is_felt:
        return 0.0
    return float(total / (total * total + SCALE * SCALE) ** 0.5)


def _sentences(tokens: list[Token]) -> Iterator[list[Token]]:
    sentence: list[Token] = []
    for token in tokens:
        sentence.append(token)
        if token.is_mark and _SENTENCE_END.search(token.text):
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _feelings(sentence: list[Token], words: WordList, *, shouting: bool) -> Iterator[float]:
    """The valence of each feeling word or phrase, changed by what stands around it."""
    clauses = _clauses(sentence, words)
    last = sentence[-1]
    tone = 1.0
    if last.is_mark:
        tone = QUESTION if "?" in last.text and "!" not in last.text else 1 + EXCLAMATION * min(last.text.count("!"), 4)
    turn = max((index for index, token in enumerate(sentence) if token.lower in words.turns), default=-1)
    index = 0
    while index < len(sentence):
        length, valence = _match(sentence, index, words)
        if valence:
            if length == 1:
                valence = _in_context(sentence, index, valence, words, clauses)
                if sentence[index].text.isupper() and len(sentence[index].text) > 2 and not shouting:
                    valence *= CAPITALS
            if turn >= 0:
                valence *= BEFORE_TURN if index < turn else AFTER_TURN
            if clauses[index] < 0:
                valence *= CONCESSION
            yield valence * tone
        index += length


def _match(sentence: list[Token], index: int, words: WordList) -> tuple[int, float]:
    """How many tokens the feeling at this place takes, and its valence."""
    longest = words.phrase_starts.get(sentence[index].lower, 0)
    for length in range(min(longest, len(sentence) - index), 1, -1):
        valence = words.phrases.get(tuple(token.lower for token in sentence[index : index + length]))
        if valence is not None:
            return length, valence
    token = sentence[index]
    if token.lower in words.negators or token.lower in words.boosters:
        return 1, 0.0
    return 1, words.valence(token.lower)


def _clauses(sentence: list[Token], words: WordList) -> list[int]:
    """For each token the number of its clause; negative inside a concession ("although …,")."""
    numbers, clause, sign = [], 1, 1
    for token in sentence:
        if (token.is_mark and _PAUSE.search(token.text)) or token.lower in words.turns:
            clause, sign = clause + 1, 1
        elif token.lower in words.concessions:
            clause, sign = clause + 1, -1
        numbers.append(clause * sign)
    return numbers


def _in_context(sentence: list[Token], index: int, valence: float, words: WordList, clauses: list[int]) -> float:
    before = [
        token.lower
        for place, token in enumerate(sentence[max(0, index - IRREALIS_REACH) : index], max(0, index - IRREALIS_REACH))
        if clauses[place] == clauses[index] and not token.is_mark
    ]
    for word in before[-BOOSTER_REACH:]:
        valence *= words.boosters.get(word, 1.0)
    near = before[-NEGATION_REACH:]
    negations = sum(_is_negator(word, words) for word in near)
    if "never" in near and near[-1] in words.boosters:
        # "never been treated so badly" is no negation.
        negations -= 1
    if words.late_negation_over:
        negations += _is_negated_later(sentence, index, words)
    if negations % 2:
        valence *= NEGATED_PRAISE if valence > 0 else NEGATED_BLAME
        if [token.lower for token in sentence[index + 1 : index + 3]] == ["at", "all"] and valence < 0:
            valence *= 1.3
    elif valence > 0 and any(word in words.irrealis for word in before):
        valence *= IRREALIS_PRAISE
    return valence


def _is_negated_later(sentence: list[Token], index: int, words: WordList) -> bool:
    for token in sentence[index + 1 : index + 1 + NEGATION_REACH]:
        if token.lower in words.negators:
            return True
        if token.lower not in words.late_negation_over:
            return False
    return False


def _is_negator(word: str, words: WordList) -> bool:
    return word in words.negators or word.endswith("n't")


def _is_shouting(tokens: list[Token]) -> bool:
    """Whether nearly everything is in capitals, so that a capital word stands out from nothing."""
    letters = [token.text for token in tokens if not token.is_mark and len(token.text) > 1]
    return bool(letters) and sum(text.isupper() for text in letters) > 0.6 * len(letters)
