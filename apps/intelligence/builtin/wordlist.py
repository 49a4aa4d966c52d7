"""What a language's word list consists of, and how it is written down in the modules that hold one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class WordList:
    """The words of one language that carry or change feeling. Valences run from −4 to 4, as in VADER's lexicon.

    Args:
        words: word → valence.
        phrases: words in a row → valence of the whole; the longest one that fits wins over its parts.
        boosters: word → factor for the feeling that follows ("very" 1.3, "slightly" 0.6).
        negators: turn the feeling that follows in the same clause.
        irrealis: what follows is wished, expected or conditional, so praise counts little ("wanted to love").
        turns: what follows in the sentence counts more than what came before ("but").
        concessions: the clause that they open counts less ("although").
        endings: taken off a word that is not in `words`, the longest first.
        late_negation_over: a negator turns what came before when only these stand between ("gefällt mir nicht").
    """

    code: str
    words: Mapping[str, float]
    phrases: Mapping[tuple[str, ...], float]
    boosters: Mapping[str, float]
    negators: frozenset[str]
    irrealis: frozenset[str]
    turns: frozenset[str]
    concessions: frozenset[str]
    endings: tuple[str, ...] = ()
    late_negation_over: frozenset[str] = frozenset()

    @cached_property
    def phrase_starts(self) -> Mapping[str, int]:
        """First word of a phrase → length of the longest phrase that begins with it."""
        starts: dict[str, int] = {}
        for phrase in self.phrases:
            starts[phrase[0]] = max(len(phrase), starts.get(phrase[0], 0))
        return starts

    @cached_property
    def _grammar(self) -> frozenset[str]:
        return self.negators | self.irrealis | self.turns | self.concessions | frozenset(self.boosters)

    def can_matter(self, word: str) -> bool:
        """Whether a text could read differently without this word, phrases aside."""
        return word in self._grammar or word.endswith("n't") or self.valence(word) != 0

    def phrases_in(self, row: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """Every phrase that stands somewhere in a row of words in lower case."""
        for index, word in enumerate(row):
            for length in range(2, self.phrase_starts.get(word, 0) + 1):
                phrase = tuple(row[index : index + length])
                if phrase in self.phrases:
                    yield phrase

    def valence(self, word: str) -> float:
        """The valence of a word in lower case, 0 where it has none."""
        if word in self.words:
            return self.words[word]
        if word in EMOJI:
            return EMOJI[word]
        for ending in self.endings:
            if word.endswith(ending) and word[: -len(ending)] in self.words:
                return self.words[word[: -len(ending)]]
        return 0.0


# Pictures mean the same in every language.
EMOJI = {
    **dict.fromkeys("😀😃😄😁😊🙂😍🥰😘🤩😎🥳🤗😇👍👏🙌💯❤💕💖💛💚💙⭐🌟✨🎉☺♥", 2.5),
    **dict.fromkeys("😐😕🙁☹😞😟😔😢😭😩😫😤😠😡🤬🤮🤢👎💩😒🙄😖😣😓💔", -2.5),
    **dict.fromkeys(["😐", "🙄", "😕"], -1.5),
}


def valences(written: str) -> dict[str, float]:
    """Read `valence: word word …` lines; a word of several is joined by underscores."""
    found: dict[str, float] = {}
    for line in written.strip().splitlines():
        valence, _, words = line.partition(":")
        found.update(dict.fromkeys(words.split(), float(valence)))
    return found


def listed(written: str) -> frozenset[str]:
    """Read words that stand in a row."""
    return frozenset(written.split())


def phrases(written: str) -> dict[tuple[str, ...], float]:
    """The same for phrases: `wanted_to_love`."""
    return {tuple(phrase.split("_")): valence for phrase, valence in valences(written).items()}
