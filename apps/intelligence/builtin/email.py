"""The survey mail from a template, in English or German."""

from __future__ import annotations

from dataclasses import dataclass

from django.template.loader import render_to_string

from apps.intelligence.answers import SurveyEmailBrief
from apps.intelligence.cleaning import one_line, shortened

MODEL = "compass-template-1"
LANGUAGES = ("en", "de")


@dataclass(frozen=True)
class Parts:
    """The written parts, before anybody says who wrote them."""

    subject: str
    greeting: str
    paragraphs: tuple[str, ...]
    button_label: str


def write(brief: SurveyEmailBrief) -> Parts:
    """Fill the template of the brief's language; English for any that we have none of."""
    language = brief.language[:2].lower()
    template = f"intelligence/survey_email.{language if language in LANGUAGES else 'en'}.txt"
    values = {
        "name": shortened(one_line(brief.first_name), 40),
        "branch": shortened(one_line(brief.branch_name), 80),
        "purpose": shortened(one_line(brief.purpose), 80),
    }

    def part(name: str) -> str:
        return str(render_to_string(f"{template}#{name}", values))

    return Parts(
        subject=one_line(part("subject")),
        greeting=one_line(part("greeting")),
        paragraphs=tuple(one_line(paragraph) for paragraph in part("paragraphs").strip().split("\n\n")),
        button_label=one_line(part("button")),
    )
