"""The models that need no provider."""

from __future__ import annotations

import pytest

from apps.intelligence.answers import SurveyEmailBrief
from apps.intelligence.builtin import email, feeling, summary
from apps.intelligence.builtin.language import language_of


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Great service, very friendly staff!", "positive"),
        ("Not happy at all, delivery late.", "negative"),
        ("I wanted to love it, but it looked cheap and I returned it.", "negative"),
        ("So disappointed. Never again.", "negative"),
        ("I have never been treated so badly.", "negative"),
        ("I could not be happier.", "positive"),
        ("No problems, works great.", "positive"),
        ("Although the room was dirty, the staff was wonderful and so helpful.", "positive"),
        ("The staff was wonderful, but the food was horrible and cold.", "negative"),
        ("The table was next to the window.", "neutral"),
        ("Sehr freundliche Beratung, gerne wieder!", "positive"),
        ("Leider gar nicht zufrieden, unfreundliches Personal.", "negative"),
        ("Das hat uns überhaupt nicht gefallen, sehr enttäuschend.", "negative"),
        ("Nicht schlecht, schnelle und nette Bedienung.", "positive"),
        ("👍😀", "positive"),
        ("Katastrophe!", "negative"),
    ],
)
def test_text_alone(text: str, label: str) -> None:
    reading = feeling.read(text)
    assert reading.score is not None
    assert feeling.text_label(reading.score) == label, reading


def test_negation_turns_and_stays_in_its_clause() -> None:
    def score(text: str) -> float:
        return feeling.read(text).score or 0.0

    assert score("The staff was good.") > 0 > score("The staff was not good.")
    assert score("It was not the colour, the staff was good.") > 0
    assert score("The staff was not good at all.") < score("The staff was not good.")
    assert score("Der Service gefällt mir.") > 0 > score("Der Service gefällt mir nicht.")


def test_what_follows_but_counts_more() -> None:
    good_end = feeling.read("The food was bad but the staff was good.").score or 0.0
    bad_end = feeling.read("The staff was good but the food was bad.").score or 0.0
    assert good_end > bad_end


def test_drivers_are_the_words_without_which_the_score_changes() -> None:
    reading = feeling.read("The staff was not friendly and I was disappointed.")
    weights = {each.word: each.weight for each in reading.words}
    assert reading.words[0].word in {"disappointed", "not"}
    assert weights["disappointed"] < 0
    assert weights["not"] < 0
    assert "staff" not in weights
    assert all(abs(a.weight) >= abs(b.weight) for a, b in zip(reading.words, reading.words[1:], strict=False))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The staff was friendly", "en"),
        ("Das Personal war nicht freundlich", "de"),
        ("Le service était très bien et nous sommes contents", "fr"),
        ("El servicio es muy bueno y la comida también", "es"),
        ("Обслуживание было хорошим", ""),
        ("対応がとても良かったです", ""),
        ("", ""),
        ("12345 !!!", ""),
    ],
)
def test_language(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    "text", ["Le service était horrible et nous sommes tristes", "対応がとても悪い", "", "   ", "12", "\0\n"]
)
def test_text_that_we_cannot_read_leaves_the_judgement_to_the_stars(text: str) -> None:
    reading = feeling.read(text)
    assert reading.score is None
    assert reading.words == ()
    assert feeling.combine(5, reading.score) == ("positive", 1.0, False)
    assert feeling.combine(1, reading.score) == ("negative", -1.0, False)
    assert feeling.combine(3, reading.score) == ("neutral", 0.0, False)


@pytest.mark.parametrize(
    ("stars", "text_score", "label", "is_contradiction"),
    [
        (5, 0.8, "positive", False),
        (5, -0.8, "neutral", True),
        (4, -0.6, "neutral", True),
        (1, 0.8, "neutral", True),
        (2, -0.3, "negative", False),
        (3, 0.9, "positive", False),
        (3, -0.9, "negative", False),
        (3, -0.8, "negative", False),
        (5, 0.0, "positive", False),
        (1, 0.0, "negative", False),
    ],
)
def test_stars_and_text_together(stars: int, text_score: float, label: str, is_contradiction: bool) -> None:
    found, score, contradiction = feeling.combine(stars, text_score)
    assert (found, contradiction) == (label, is_contradiction)
    assert -1 <= score <= 1


@pytest.mark.parametrize(
    "text",
    [
        "a" * 10_000,
        "not " * 3000,
        "\u202egood\u202c",
        "<b>good</b>",
        "!" * 5000,
        "good\0bad",
        "but but but",
        "😀" * 500,
    ],
)
def test_strange_texts_do_no_harm(text: str) -> None:
    reading = feeling.read(text)
    assert reading.score is None or -1 <= reading.score <= 1
    assert len(summary.summarize(text, 3)) <= summary.MAX_CHARACTERS


def test_short_comment_is_its_own_summary() -> None:
    assert summary.summarize("  Nice\nshop. ", 5) == "Nice shop."
    assert summary.summarize("", 5) == ""


LONG = (
    "I went there on a Tuesday with my sister because the bus was early. We looked around for a while and talked about "
    "the weather. The optician was rude and the glasses were broken, I was so disappointed with the glasses. "
    "Afterwards we had coffee next door. The bus back was on time."
)


def test_summary_picks_what_matters_in_the_persons_words_and_is_the_same_each_time() -> None:
    found = summary.summarize(LONG, 1)
    assert "the glasses were broken" in found
    assert len(found) <= 200
    assert found == summary.summarize(LONG, 1)


def test_one_endless_sentence_is_cut_between_words() -> None:
    found = summary.summarize("the shop is lovely and " * 30, 5)
    assert len(found) <= 200
    assert found.endswith("…")
    assert found[:-1] in "the shop is lovely and " * 30


def test_email_in_both_languages() -> None:
    english = email.write(SurveyEmailBrief(first_name="Ada", purpose="eye test", branch_name="Harbour & Co"))
    assert english.subject == "How was your visit to Harbour & Co?"
    assert english.greeting == "Hello Ada,"
    assert len(english.paragraphs) == 2
    assert "(eye test)" in english.paragraphs[0]
    german = email.write(SurveyEmailBrief(first_name="Ada", purpose="", branch_name="Hafen", language="de-AT"))
    assert german.subject == "Wie war Ihr Besuch bei Hafen?"
    assert "(" not in german.paragraphs[0]
    assert email.write(SurveyEmailBrief(first_name="", purpose="", branch_name="B", language="fr")).greeting == "Hello,"


def test_email_parts_are_single_lines_whatever_comes_in() -> None:
    parts = email.write(
        SurveyEmailBrief(first_name="A\r\nBcc: x@y.z\u202e", purpose="p" * 500, branch_name="B\0\nSubject: no")
    )
    for text in (parts.subject, parts.greeting, parts.button_label, *parts.paragraphs):
        assert text == " ".join(text.split())
        assert "\u202e" not in text
        assert "\0" not in text
        assert len(text) < 400
