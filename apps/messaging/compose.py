"""Mails from templates: subject, HTML and text in the recipient's language.

`render_email("feedback/email/survey", …)` renders `feedback/email/survey_subject.txt` and `feedback/email/survey.html`,
which extends `messaging/email/base.html`. The text part is `feedback/email/survey.txt` where there is one, else it is
made from the HTML. Text templates are not escaped.
"""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any, NamedTuple

from django.conf import settings
from django.template import Context, Engine, TemplateDoesNotExist
from django.utils import translation

from apps.accounts.models import Organization
from apps.messaging import unsubscribing


class Composed(NamedTuple):
    """What a draft needs."""

    subject: str
    html: str
    text: str


def render_email(
    template: str,
    context: Mapping[str, Any],
    organization: Organization,
    language: str,
    *,
    unsubscribe: bool = False,
) -> Composed:
    """Render the templates of one mail; `unsubscribe` puts the link into its foot (see `Draft.unsubscribe`).

    Templates also get `organization`, `brand_colour`, `on_brand_colour`, `logo_url`, `unsubscribe_url` and
    `preferences_url`.
    """
    with translation.override(language or organization.language):
        everything = {
            **context,
            "organization": organization,
            "brand_colour": organization.brand_colour,
            "logo_url": f"{settings.BASE_URL}{logo}" if (logo := organization.logo_path) else "",
            "on_brand_colour": readable_on(organization.brand_colour),
            "unsubscribe_url": unsubscribing.PLACEHOLDER if unsubscribe else "",
            "preferences_url": unsubscribing.PREFERENCES_PLACEHOLDER if unsubscribe else "",
        }
        subject = _rendered(f"{template}_subject.txt", everything)
        html = _rendered(f"{template}.html", everything)
        try:
            text = _rendered(f"{template}.txt", everything)
        except TemplateDoesNotExist:
            text = plain_text(html)
    return Composed(" ".join(subject.split()), html, text.strip() + "\n")


def readable_on(colour: str) -> str:
    """Black or white, whichever reads better on `#rrggbb` (relative luminance of WCAG 2.1)."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels
    )
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#ffffff" if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 else "#000000"


def plain_text(html: str) -> str:
    """The words of an HTML mail, with the address behind each link."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = [" ".join(line.split()) for line in "".join(reader.pieces).split("\n")]
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip()


def links_of(html: str) -> list[str]:
    """Every address that the HTML links to, once each, in order."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return list(dict.fromkeys(reader.links))


def _rendered(template: str, context: Mapping[str, Any]) -> str:
    is_html = template.endswith(".html")
    return Engine.get_default().get_template(template).render(Context(dict(context), autoescape=is_html))


class _Reader(HTMLParser):
    """Collects words and links; what nobody sees (head, style, hidden preheader) is left out."""

    _SILENT = frozenset({"head", "style", "script", "title"})
    _BREAKS = frozenset({"p", "div", "tr", "table", "h1", "h2", "h3", "ul", "ol", "li", "br", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.links: list[str] = []
        self._silent: list[str] = []
        self._link = ""
        self._words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag in self._SILENT or "hidden" in named or (self._silent and tag == self._silent[0]):
            self._silent.append(tag)
        if tag in self._BREAKS:
            self.pieces.append("\n- " if tag == "li" else "\n")
        if tag == "a" and named.get("href"):
            self._link, self._words = str(named["href"]), ""
            self.links.append(self._link)

    def handle_endtag(self, tag: str) -> None:
        if self._silent and tag == self._silent[-1]:
            self._silent.pop()
        if tag == "a" and self._link:
            if self._link not in self._words and not self._silent:
                self.pieces.append(f" ({self._link})")
            self._link = ""
        if tag in ("p", "h1", "h2", "h3", "table", "ul", "ol"):
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(" ".join(data.split("\n")) if data.strip() else " ")
            self._words += data
