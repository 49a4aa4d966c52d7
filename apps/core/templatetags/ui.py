"""Tags of the shared components; what each looks like is its template in `templates/components/`.

Words in `attrs` become attributes with dashes: `{% button "Remove" hx_post=url data_key="x" %}`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.forms.utils import flatatt
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.core.components import sparkline_points
from apps.core.status import StatusChoices

register = template.Library()
STARS = range(1, 6)


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """An icon of the sprite. `size` sm or lg; without `label` it is decoration that nobody reads out."""
    css = f"icon icon-{size}" if size else "icon"
    reference = f"{static('dist/icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}"></use></svg>', css, label, reference
        )
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}"></use></svg>', css, reference)


@register.simple_tag
def button(
    label: str,
    variant: str = "secondary",
    href: str = "",
    type: str = "submit",
    icon: str = "",
    size: str = "",
    block: bool = False,
    disabled: bool = False,
    icon_only: bool = False,
    **attrs: Any,
) -> SafeString:
    """A button, or a link that looks like one. `variant` primary, secondary, quiet, danger; `size` sm."""
    return _render(
        "button",
        label=label,
        variant=variant,
        href=href,
        type=type,
        icon=icon,
        size=size,
        block=block,
        disabled=disabled,
        icon_only=icon_only,
        attrs=_flat(attrs),
    )


@register.simple_tag
def badge(label: str, tone: str = "neutral", icon: str = "") -> SafeString:
    """A word with a tone and, so that colour never carries the meaning alone, an icon."""
    return _render("badge", label=label, tone=tone, icon=icon)


@register.simple_tag
def status(member: StatusChoices) -> SafeString:
    """The badge of a member of a `StatusChoices`."""
    return badge(str(member.label), member.tone, member.icon)


@register.simple_tag
def when(moment: datetime | None, is_relative: bool = True) -> SafeString:
    """A moment: the exact time in the viewer's zone, which a script turns into "5 minutes ago" with it on hover."""
    if moment is None:
        return format_html('<span class="muted">{}</span>', "–")
    exact = formats.date_format(timezone.localtime(moment), "DATETIME_FORMAT")
    return format_html(
        '<time datetime="{}"{}>{}</time>', moment.isoformat(), flatatt({"data-relative": is_relative}), exact
    )


@register.simple_tag
def stars(value: int | None) -> SafeString:
    """A rating to read: five stars and the number in words."""
    label = _("No rating") if value is None else _("%(stars)s out of 5 stars") % {"stars": value}
    return _render("stars", label=label, marks=[star <= (value or 0) for star in STARS])


@register.simple_tag
def sparkline(values: Sequence[float], label: str) -> SafeString:
    """A line as small as a word. `label` says what it shows to whoever does not see it."""
    if len(values) < 2:
        return SafeString("")
    points = sparkline_points(values)
    line = " ".join(f"{x},{y}" for x, y in points)
    return _render("sparkline", label=label, line=line, area=f"0,28 {line} 100,28")


@register.filter
def initials(name: str) -> str:
    """One or two letters for a person's mark, from the first and the last word of the name as it was given."""
    words = [word for word in name.split() if word[0].isalnum()]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
    return "".join(letters).upper() or "?"


@register.filter
def as_json(value: object) -> str:
    """JSON for a data attribute; the template escapes it."""
    return json.dumps(value, default=str, ensure_ascii=False)


@register.simple_block_tag
def card(content: SafeString, title: str = "", tools: str = "", foot: str = "", flush: bool = False) -> SafeString:
    """A card around the content; `flush` for a table that reaches the edges."""
    return _render("card", content=content, title=title, tools=tools, foot=foot, flush=flush)


@register.simple_block_tag
def table(
    content: SafeString, columns: Sequence[object], caption: str, stacks: bool = True, selectable: bool = False
) -> SafeString:
    """A table whose rows are the content. `stacks`: on a phone each row becomes a card, and cells need data-label."""
    return _render("table", content=content, columns=columns, caption=caption, stacks=stacks, selectable=selectable)


@register.simple_block_tag
def empty_state(content: SafeString, title: str, icon: str = "circle-dashed", text: str = "") -> SafeString:
    """Nothing here, and what to do next: the content holds the buttons."""
    return _render("empty_state", content=content, title=title, icon=icon, text=text)


@register.simple_block_tag
def notice(content: SafeString, tone: str = "info", icon: str = "") -> SafeString:
    """Words that stay on the page."""
    chosen = icon or {"good": "circle-check", "warn": "alert-triangle", "bad": "alert-circle"}.get(tone, "info-circle")
    return _render("notice", content=content, tone=tone, icon=chosen)


@register.simple_block_tag
def dialog(content: SafeString, id: str, title: str) -> SafeString:
    """A native dialog; `data-dialog-open="id"` opens it."""
    return _render("dialog", content=content, id=id, title=title, is_drawer=False)


@register.simple_block_tag
def drawer(content: SafeString, id: str, title: str) -> SafeString:
    """A dialog that comes from the side, for longer matter beside the page."""
    return _render("dialog", content=content, id=id, title=title, is_drawer=True)


@register.simple_block_tag
def chart_frame(
    content: SafeString,
    title: str,
    says: str,
    updated_at: datetime | None = None,
    table: str = "",
    download_url: str = "",
) -> SafeString:
    """A chart with one sentence that says what it shows, its age, the numbers as a table, and a download."""
    return _render(
        "chart_frame",
        content=content,
        title=title,
        says=says,
        updated_at=updated_at,
        table=table,
        download_url=download_url,
    )


def _flat(attrs: dict[str, Any]) -> str:
    return flatatt({name.replace("_", "-"): value for name, value in attrs.items()})


def _render(component: str, **context: Any) -> SafeString:
    return render_to_string(f"components/{component}.html", context)
