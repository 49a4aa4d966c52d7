"""The gallery of components: each in its states, to look at, to test, and to copy from. Not served in production."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from apps.core.access import public
from apps.core.components import Chip, Column, Crumb, Tab, Trend
from apps.core.status import StatusChoices


class SampleState(StatusChoices):
    """One status of each tone."""

    DELIVERED = "delivered", "good", "mail-check", _("Delivered")
    DELAYED = "delayed", "warn", "clock-exclamation", _("Delayed")
    BOUNCED = "bounced", "bad", "mail-x", _("Bounced")
    OPENED = "opened", "info", "mail-opened", _("Opened")
    SENDING = "sending", "primary", "mail-fast", _("Sending")
    QUEUED = "queued", "neutral", "clock", _("Queued")


class SampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label=_("Name"), help_text=_("As the customer gave it."))
    email = forms.EmailField(label=_("E-mail"))
    mobile = forms.CharField(label=_("Mobile"), required=False)
    branch = forms.ChoiceField(label=_("Branch"), choices=[("1", "Harbour Street"), ("2", "Old Town")])
    password = forms.CharField(label=_("Password"), widget=forms.PasswordInput)
    comment = forms.CharField(label=_("Comment"), max_length=500, required=False, widget=forms.Textarea)
    channel = forms.ChoiceField(
        label=_("Preferred channel"), choices=[("email", "E-mail"), ("sms", "SMS")], widget=forms.RadioSelect
    )
    consent = forms.BooleanField(label=_("May receive a survey by e-mail"), help_text=_("Can be withdrawn any time."))
    file = forms.FileField(label=_("Customer list"), required=False, help_text=_("CSV, up to 25 MB."))


class SampleFilters(forms.Form):
    """What a filter bar holds."""

    q = forms.CharField(
        label=_("Search"), required=False, widget=forms.TextInput(attrs={"type": "search", "data_width": "field-wide"})
    )
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))


class SampleRating(forms.Form):
    """The question of a survey."""

    rating = forms.ChoiceField(
        label=_("How was your visit?"),
        choices=[(str(star), str(star)) for star in range(1, 6)],
        help_text=_("One to five stars."),
    )


@public("shows sample data only, and only where it is switched on")
def gallery(request: HttpRequest) -> HttpResponse:
    """Every component in its states; `?q=` answers the type-ahead."""
    if not settings.SHOW_COMPONENT_GALLERY:
        raise Http404
    if "q" in request.GET and request.headers.get("HX-Request") == "true":
        return render(request, "components/gallery_options.html", {"people": people_named(request.GET["q"])})
    return render(request, "components/gallery.html", samples())


def people_named(words: str) -> list[dict[str, str]]:
    """Sample customers whose name begins like this."""
    people = [("Ada Lovelace", "ada@example.com"), ("Adam Riese", "adam@example.com"), ("Bo Ek", "bo@example.com")]
    return [{"name": name, "email": email} for name, email in people if name.lower().startswith(words.lower())]


def samples() -> dict[str, Any]:
    """What the gallery shows."""
    now = timezone.now()
    refused = SampleForm({"refused-email": "ada@", "refused-comment": "x" * 501}, prefix="refused")
    refused.add_error(None, _("This visit was already recorded a minute ago."))
    states = list(SampleState)
    names = ["Ada Lovelace", "Mehmet Öz", "Siobhán O’Reilly-Featherstonehaugh", "李小龍"]
    return {
        "page_title": _("Components"),
        "crumbs": [Crumb("Customer Compass", "/"), Crumb(str(_("Components")))],
        "states": states,
        "form": SampleForm(initial={"name": "Ada Lovelace", "comment": "Friendly and quick."}),
        "refused_form": refused,
        "filters": SampleFilters(),
        "range": SampleFilters(prefix="range"),
        "rating": SampleRating(initial={"rating": "4"}),
        "rating_refused": SampleRating({}, prefix="refused"),
        "chips": [Chip("Branch: Harbour Street", "?a"), Chip("4 stars and more", "?b")],
        "columns": [
            Column("Customer", sort="ascending", url="?sort=-name"),
            Column("Answer", sort="none", url="?sort=stars"),
            Column("State"),
            Column("When"),
            Column("Value", align="end"),
        ],
        "rows": [
            SimpleNamespace(
                id=index,
                name=name,
                email=f"person{index}@example.com",
                stars=[5, 2, 4, None][index],
                state=states[index],
                at=now - timedelta(hours=7**index),
                value=f"{(index + 3) ** 4:,}",
            )
            for index, name in enumerate(names)
        ],
        "up": Trend("+0.3", "up", "good"),
        "down": Trend("−12 %", "down", "bad"),
        "flat": Trend("±0", "flat"),
        "values": [4.1, 4.0, 4.3, 4.2, 4.5, 4.4, 4.6],
        "falling": [31, 34, 29, 26, 27, 22, 19],
        "tabs": [Tab("Overview", "?tab=1", active=True), Tab("Responses", "?tab=2", count=48), Tab("Files", "?tab=3")],
        "bars": [
            (str(stars), stars * 60 - 48, height, 130 - height) for stars, height in enumerate((12, 18, 34, 72, 110), 1)
        ],
        "chart_table": format_html(
            "<table class='grid-table'>{}</table>",
            format_html_join("", "<tr><th scope='row'>{}</th><td class='end'>{}</td></tr>", [("★", 12), ("★★", 18)]),
        ),
        "long_ago": now - timedelta(days=400),
        "recently": now - timedelta(minutes=5),
    }
