"""Mails from templates."""

from __future__ import annotations

import pytest

from apps.accounts.models import Organization
from apps.messaging import compose, unsubscribing

pytestmark = pytest.mark.django_db


def test_subject_html_and_text(organization: Organization) -> None:
    organization.name = "Härbour & <Sons>"
    context = {"person": "Mia <b>", "home_url": "https://compass.example/"}
    subject, html, text = compose.render_email("messaging/email/test", context, organization, "en", unsubscribe=True)
    assert subject == "Test e-mail of Härbour & <Sons>"
    assert "Härbour &amp; &lt;Sons&gt;" in html and "<Sons>" not in html
    assert "Mia <b>" in text and "(https://compass.example/)" in text
    assert unsubscribing.PLACEHOLDER in html and unsubscribing.PLACEHOLDER in text
    assert organization.brand_colour in html
    assert 'name="color-scheme" content="light dark"' in html and "prefers-color-scheme: dark" in html
    assert "Your mails arrive." in html and "Your mails arrive." not in text, "the preheader is for the list of mails"


def test_without_unsubscribe_there_is_no_such_link(organization: Organization) -> None:
    composed = compose.render_email("messaging/email/test", {"home_url": "https://x/"}, organization, "")
    assert unsubscribing.PLACEHOLDER not in composed.html
    assert "Unsubscribe" not in composed.html


def test_a_line_break_in_a_name_does_not_reach_the_subject(organization: Organization) -> None:
    organization.name = "Harbour\r\nBcc: all@example.com"
    assert "\n" not in compose.render_email("messaging/email/test", {}, organization, "en").subject


@pytest.mark.parametrize(
    ("colour", "ink"), [("#ffffff", "#000000"), ("#000000", "#ffffff"), ("#f5bd4f", "#000000"), ("#0c6b5f", "#ffffff")]
)
def test_words_on_the_brand_colour_can_be_read(colour: str, ink: str) -> None:
    assert compose.readable_on(colour) == ink


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("a<br>b", "a\nb"),
        ('<a href="https://x/">Go</a>', "Go (https://x/)"),
        ('<a href="https://x/">https://x/</a>', "https://x/"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("<head><title>t</title><style>p{}</style></head><p>x</p>", "x"),
        ("<div hidden>no <div>neither</div> nor</div><p>yes</p>", "yes"),
        ("<p>5 &lt; 6 &amp; so</p>", "5 < 6 & so"),
        ("", ""),
    ],
)
def test_plain_text(html: str, text: str) -> None:
    assert compose.plain_text(html) == text


def test_links() -> None:
    html = '<a href="https://a/">x</a><a href="https://b/?a=1&amp;b=2">y</a><a href="https://a/">z</a><a>none</a>'
    assert compose.links_of(html) == ["https://a/", "https://b/?a=1&b=2"]
