"""What a comment loses before it leaves the house: addresses, numbers, names. What is left still says how it was."""

from __future__ import annotations

import re
from collections.abc import Iterable

EMAIL, LINK, NUMBER, STREET, NAME = "[e-mail]", "[link]", "[number]", "[address]", "[name]"

_EMAIL = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+\.[^\s@<>\"']+")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.I)
# Phone, card, account, passport: six digits and more, however they are grouped, with the letters in front of an IBAN.
_NUMBER = re.compile(
    r"(?<!\w)(?:[A-Z]{2}\d{2}[ ]?)?(?:[+(]{0,2}\d[\d\s()./-]{4,}\d)(?!\w)|\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,}\b"
)
_HANDLE = re.compile(r"(?<!\w)@\w{2,}")
_STREET = re.compile(
    r"\b\d{1,5}[a-z]?\s+(?:[A-Z][\w'’.-]*\s+){1,3}(?:street|st|road|rd|avenue|ave|lane|ln|drive|way|square|court|close)\b\.?"
    r"|\b[A-ZÄÖÜ][\wäöüß-]*(?:straße|strasse|str\.|weg|gasse|allee|platz|ring|ufer|damm)\s+\d{1,4}\s?[a-z]?\b"
    r"|\b(?:[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}|\d{5}\s+[A-ZÄÖÜ][a-zäöüß]+)\b",
    re.I,
)
_TITLE = re.compile(
    r"\b(?:mr|mrs|ms|miss|dr|prof|sir|madam|herrn?|frau)\b\.?\s+(?:[A-ZÄÖÜ][\w'’-]+)(?:\s+[A-ZÄÖÜ][\w'’-]+)*"
)
_TITLE_ANY_CASE = re.compile(_TITLE.pattern.replace(r"\b(?:mr", r"\b(?i:mr", 1))
_INTRODUCED = re.compile(
    r"\b(?i:my name is|i am called|name was|named|called|mein name ist|ich heiße|ich heisse|namens)\s+"
    r"([^\W\d_][\w'’-]+(?:\s+[A-ZÄÖÜ][\w'’-]+)*)"
)
_CAPITALISED = re.compile(r"(?<![.!?…\n]\s)(?<![.!?…\n])(?<!^)(?<=\s)[A-Z][a-zà-ÿ'’-]+(?:\s+[A-Z][a-zà-ÿ'’-]+)*")
_AT_WORK = re.compile(
    r"\b[A-Z][a-zà-ÿ]+(?=\s+(?:helped|served|greeted|assisted|told|explained|showed|advised|and\s+(?:her|his)\s+team)\b)"
)
_NO_NAME = re.compile(
    r"(?:I(?:['’]\w+)?|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August"
    r"|September|October|November|December|English|German|French|Christmas|Easter|They|She|He|We|You|It|This|That"
    r"|Everyone|Everybody|Somebody|Someone|Nobody|Staff|Service)\Z"
)


def redact(text: str, *, language: str, names: Iterable[str] = ()) -> str:
    """The text without what could name or reach a person.

    Args:
        text: what the person wrote.
        language: "de" leaves capitalised words alone (every noun has one); names after a title go in both.
        names: names that we know of (the customer, the member of staff); each word goes, longer ones in any case.
    """
    for pattern, mark in ((_EMAIL, EMAIL), (_LINK, LINK), (_HANDLE, NAME), (_STREET, STREET), (_NUMBER, NUMBER)):
        text = pattern.sub(mark, text)
    for word in {part for name in names for part in name.split() if len(part) > 1}:
        # "An" and "In" are names too; only as they are written, or half the sentence would go.
        flags = re.I if len(word) > 2 else re.NOFLAG
        text = re.sub(rf"(?<!\w){re.escape(word)}(?:['’]?s)?(?!\w)", NAME, text, flags=flags)
    text = _TITLE_ANY_CASE.sub(NAME, text)
    text = _INTRODUCED.sub(lambda match: match[0].replace(match[1], NAME), text)
    if language != "de":
        text = _CAPITALISED.sub(lambda match: match[0] if _NO_NAME.match(match[0]) else NAME, text)
        text = _AT_WORK.sub(lambda match: match[0] if _NO_NAME.match(match[0]) else NAME, text)
    return text
