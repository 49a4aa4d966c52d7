"""The shared components: what they print, that they escape, and that the gallery shows them all."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.template import engines
from django.test import Client

from apps.core.components import Column, Trend, sparkline_points
from apps.core.gallery import SampleState
from apps.core.templatetags import ui

TEMPLATES = settings.BASE_DIR / "templates"
ICONS = {name.rpartition("/")[2] for name in (settings.BASE_DIR / "static/icons.txt").read_text().split()}
# An icon by name: the tag's first word, or a word given as icon="…" or, in Python, as the third word of a NavItem.
NAMED_ICON = re.compile(r"""{%\s*icon\s+"([a-z0-9-]+)"|\bicon="([a-z0-9-]+)\"""")


def rendered(source: str, **context: object) -> str:
    return engines["django"].from_string("{% load ui ui_forms %}" + source).render(context)


class VisitForm(forms.Form):
    name = forms.CharField(help_text="As given.")
    comment = forms.CharField(max_length=500, required=False, widget=forms.Textarea)
    channel = forms.ChoiceField(choices=[("email", "E-mail"), ("sms", "SMS")], widget=forms.RadioSelect)
    consent = forms.BooleanField()
    secret = forms.CharField(widget=forms.PasswordInput, required=False)
    rating = forms.ChoiceField(choices=[(str(star), str(star)) for star in range(1, 6)])


def test_gallery_shows_every_component(client: Client, db: None) -> None:
    page = client.get("/components/").content.decode()
    for mark in (
        "btn-danger",
        "pill tone-good",
        "sparkline",
        "grid-table",
        "filter-bar",
        "chip",
        "empty-state",
        "skeleton",
    ):
        assert mark in page
    for mark in (
        "toast-note",
        "modal-box drawer",
        "tab-strip",
        "file-drop",
        "date-range",
        "star-choice",
        "timeline-entry",
    ):
        assert mark in page
    for mark in ("person", "<progress", "chart-foot", 'role="alert"', 'class="pager"', 'role="combobox"'):
        assert mark in page


def test_gallery_answers_the_type_ahead(client: Client, db: None) -> None:
    page = client.get("/components/?q=ad", headers={"HX-Request": "true"}).content.decode()
    assert page.count('role="option"') == 2
    assert "<html" not in page


def test_gallery_is_absent_where_it_is_switched_off(client: Client, db: None, settings: object) -> None:
    settings.SHOW_COMPONENT_GALLERY = False  # type: ignore[attr-defined]
    assert client.get("/components/").status_code == 404


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_template_keeps_the_security_policy_and_the_sprite(path: Path) -> None:
    text = path.read_text()
    is_mail = bool({"mail", "email"} & set(path.parts))
    assert is_mail or not re.search(r"\sstyle=", text), (
        "styles belong into the stylesheet: the policy forbids the attribute"
    )
    assert not re.search(r"\son[a-z]+=", text), "the policy forbids event attributes"
    assert not re.search(r"<script(?![^>]*\ssrc=)(?![^>]*application/json)", text), "the policy forbids inline scripts"
    missing = {name for pair in NAMED_ICON.findall(text) for name in pair if name} - ICONS
    assert not missing, "add the icon to static/icons.txt"


def test_states_of_the_gallery_have_icons_in_the_sprite() -> None:
    assert {state.icon for state in SampleState} <= ICONS


def test_field_ties_help_and_error_to_the_control() -> None:
    html = rendered("{% field form.name %}", form=VisitForm({}))
    described = re.search(r'<input[^>]*aria-describedby="([^"]*)"', html)
    assert described is not None
    assert all(f'id="{name}"' in html for name in described[1].split())
    assert len(described[1].split()) == 2
    assert 'aria-invalid="true"' in html
    assert '<label class="field-label" for="id_name">' in html


def test_help_that_the_page_adds_is_tied_too() -> None:
    html = rendered('{% field form.secret help="At least ten letters." %}', form=VisitForm())
    assert 'aria-describedby="id_secret_helptext"' in html and 'id="id_secret_helptext"' in html


def test_text_area_counts_and_does_not_cut() -> None:
    html = rendered("{% field form.comment %}", form=VisitForm())
    assert "maxlength" not in html
    assert 'data-counter-for="id_comment" data-limit="500"' in html
    assert "optional" in html


def test_radio_buttons_stand_in_a_fieldset_with_a_legend() -> None:
    html = rendered("{% field form.channel %}", form=VisitForm({}))
    assert html.count('type="radio"') == 2
    assert "<fieldset" in html and "<legend" in html and 'aria-describedby="id_channel_error"' in html


def test_checkbox_and_password_have_their_own_shape() -> None:
    assert '<label class="choice" for="id_consent"><input type="checkbox"' in rendered(
        "{% field form.consent %}", form=VisitForm()
    )
    assert 'data-reveal="id_secret"' in rendered("{% field form.secret %}", form=VisitForm())


def test_star_field_is_five_radio_buttons_and_keeps_the_choice() -> None:
    html = rendered('{% star_field form.rating low="Poor" high="Excellent" %}', form=VisitForm({"rating": "4"}))
    assert re.findall(r'value="(\d)"', html) == ["1", "2", "3", "4", "5"]
    assert re.findall(r'value="(\d)"[^>]* checked', html) == ["4"]
    assert "1 star<" in html and "5 stars<" in html


def test_form_prints_every_field_and_the_errors_of_the_whole() -> None:
    form = VisitForm({})
    form.add_error(None, "Already recorded.")
    html = rendered("{% form_fields form %}", form=form)
    assert "Already recorded." in html
    assert all(f'name="{name}"' in html for name in form.fields)


def test_components_escape_what_people_typed() -> None:
    bad = '<b>"&'
    html = rendered(
        "{% button bad hx_post=bad %}{% badge bad %}{% icon bad label=bad %}{% card title=bad %}{{ bad }}{% endcard %}"
        '{% include "components/person.html" with name=bad detail=bad only %}'
        '{% include "components/combobox_option.html" with label=bad fill=fill only %}',
        bad=bad,
        fill={"name": bad},
    )
    assert "<b>" not in html


def test_button_becomes_a_link_and_carries_attributes() -> None:
    link = rendered('{% button "Open" href="/x/" icon="eye" icon_only=True data_key="o" %}')
    assert link.strip().startswith("<a ") and 'aria-label="Open"' in link and 'data-key="o"' in link
    assert rendered('{% button "Open" href="/x/" disabled=True %}').strip().startswith("<button")


def test_table_says_how_it_is_sorted() -> None:
    columns = [Column("Name", sort="ascending", url="?sort=-name"), Column("Value", align="end")]
    html = rendered('{% table columns=columns caption="People" %}<tr></tr>{% endtable %}', columns=columns)
    assert 'aria-sort="ascending"' in html and 'href="?sort=-name"' in html and "<caption" in html


def test_moment_is_exact_without_script() -> None:
    html = ui.when(datetime(2026, 3, 1, 12, 30, tzinfo=UTC))
    assert 'datetime="2026-03-01T12:30:00+00:00"' in html and "12:30" in html and "data-relative" in html
    assert "data-relative" not in ui.when(datetime(2026, 3, 1, tzinfo=UTC), is_relative=False)
    assert "<time" not in ui.when(None)


def test_rating_is_also_words() -> None:
    assert 'aria-label="3 out of 5 stars"' in ui.stars(3) and ui.stars(3).count("icon off") == 2
    assert 'aria-label="No rating"' in ui.stars(None)


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Lovelace", "AL"),
        ("Bo", "B"),
        ("李小龍", "李"),
        ("Ada (Byron) King", "AK"),
        ("", "?"),
        ("ß", "SS"),
        ("-", "?"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert ui.initials(name) == letters


def test_sparkline_reaches_from_edge_to_edge() -> None:
    points = sparkline_points([1, 3, 2])
    assert points == [(0.0, 25.0), (50.0, 3.0), (100.0, 14.0)]
    assert {y for _, y in sparkline_points([2, 2, 2])} == {14.0}
    assert ui.sparkline([1], "One value is no line") == ""


def test_trend_has_an_arrow() -> None:
    assert {Trend("", direction).icon for direction in ("up", "down", "flat")} <= ICONS  # type: ignore[arg-type]


def test_status_has_one_word_one_tone_one_icon() -> None:
    assert SampleState("bounced") is SampleState.BOUNCED
    assert (SampleState.BOUNCED.tone, SampleState.BOUNCED.icon, str(SampleState.BOUNCED.label)) == (
        "bad",
        "mail-x",
        "Bounced",
    )
    assert SampleState.choices[0] == ("delivered", "Delivered")
    assert "tone-bad" in ui.status(SampleState.BOUNCED)
