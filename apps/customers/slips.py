"""The words that are one slip of the pen away from a word."""

from __future__ import annotations

import unicodedata

LONGEST = 24
ALPHABETS = {
    "LATIN": "abcdefghijklmnopqrstuvwxyz",
    "GREEK": "αβγδεζηθικλμνξοπρστυφχψω",
    "CYRILLIC": "абвгдежзийклмнопрстуфхцчшщъыьэюя",
}


def slips_of(word: str) -> list[str]:
    """Words of which `word` is what comes of one wrong, missing, extra or swapped letter; none for numbers.

    Since they are looked up as beginnings, nothing is added at the end.
    """
    if len(word) > LONGEST or any(sign.isdigit() for sign in word):
        return []
    letters = _alphabet(word)
    swapped, shorter, wrong, longer = [], [], [], []
    for at in range(len(word)):
        before, sign, after = word[:at], word[at], word[at + 1 :]
        if after:
            swapped.append(before + after[0] + sign + after[1:])
        shorter.append(before + after)
        wrong += [before + letter + after for letter in letters if letter != sign]
        longer += [before + letter + sign + after for letter in letters]
    return [each for each in dict.fromkeys([*swapped, *shorter, *wrong, *longer]) if each != word]


def _alphabet(word: str) -> str:
    """The letters that can stand in such a word; in scripts of thousands of signs only those of the word itself."""
    script = unicodedata.name(word[0], "").partition(" ")[0]
    return ALPHABETS.get(script, "".join(dict.fromkeys(word)))
