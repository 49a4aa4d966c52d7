"""What a comment loses before it leaves the house, and what it keeps."""

from __future__ import annotations

import pytest

from apps.intelligence.cleaning import is_plain, one_line, shortened
from apps.intelligence.redaction import redact


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("write to ada.lovelace+shop@mail.example.co.uk please", "lovelace"),
        ("call +44 (0)20 7946 0958 now", "7946"),
        ("call 0170/1234567 now", "1234567"),
        ("my IBAN is DE89 3704 0044 0532 0130 00 thanks", "3704"),
        ("card 4111-1111-1111-1111 was charged", "4111"),
        ("see https://example.com/me?id=7 for more", "example.com"),
        ("I live at 12 Baker Street near you", "Baker"),
        ("ich wohne Hauptstraße 5 im Ort", "Hauptstra"),
        ("Mrs. Ada Lovelace was kind", "Lovelace"),
        ("Frau Müller war nett", "Müller"),
        ("the lady told us her name, Anna Smith, kindly", "Anna"),
        ("my name is ada", "ada"),
        ("Sandra helped us at once", "Sandra"),
        ("follow @ada_l there", "ada_l"),
    ],
)
def test_secrets_go(text: str, secret: str) -> None:
    assert secret not in redact(text, language="de" if "Frau" in text or "wohne" in text else "en")


@pytest.mark.parametrize(
    "text",
    [
        "I waited 45 minutes on Monday and paid 12.50 for it.",
        "Great shop. The staff was friendly! We will be back.",
        "Size 38 fits, I'm 5'8\" and 130 lbs.",
    ],
)
def test_what_says_how_it_was_stays(text: str) -> None:
    assert redact(text, language="en") == text


def test_german_nouns_stay() -> None:
    text = "Die Beratung im Laden war gut, der Kaffee kalt."
    assert redact(text, language="de") == text


def test_known_names_go_in_any_case_and_with_their_endings() -> None:
    found = redact("ADA's bag, and bob too, but not bobbin.", language="en", names=["Ada Lovelace", "Bob", ""])
    assert found == "[name] bag, and [name] too, but not bobbin."


@pytest.mark.parametrize(
    "text", ["a" * 5000, "1" * 5000, "1 " * 2500, "A " * 2500, "@" * 5000, "a.b@" * 1000, "Mr " * 1500]
)
def test_hostile_text_is_read_in_time(text: str) -> None:
    assert isinstance(redact(text, language="en", names=["x" * 100]), str)


def test_cleaning() -> None:
    assert one_line("a\x00b\r\n c\u202e\u200bd\te") == "ab cd e"
    assert shortened("one two three", 9) == "one two…"
    assert shortened("x" * 20, 10) == "x" * 9 + "…"
    assert shortened("short", 10) == "short"
    for text in ("<b>x", "</p>", "https://x", "www.x.y", "javascript:alert(1)", "a@b", "&amp;", "[x](y)", "evil.com"):
        assert not is_plain(text), text
    for text in ("5 < 6 stars", "Tell us & win nothing", "See you at 10:30.", "e.g. this"):
        assert is_plain(text), text
