"""The one way a form field gets onto a page: label, control, help and error, tied together for a screen reader.

Django ties the control itself to `<id>_helptext` and `<id>_error` and sets aria-invalid; the template supplies both.
"""

from __future__ import annotations

from typing import Any

from django import forms, template
from django.forms import BoundField
from django.utils.safestring import SafeString

register = template.Library()

CHOICES = (forms.RadioSelect, forms.CheckboxSelectMultiple)


def kind_of(bound: BoundField) -> str:
    """Which shape the field takes: checkbox, choices, file, password, or plain."""
    widget = bound.field.widget
    if isinstance(widget, CHOICES):
        return "choices"
    if isinstance(widget, forms.CheckboxInput):
        return "checkbox"
    if isinstance(widget, forms.FileInput):
        return "file"
    return "password" if isinstance(widget, forms.PasswordInput) else "plain"


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, label: str = "", help: str = "", css: str = "", **attrs: Any) -> dict[str, Any]:
    """A form's field with everything around it; `attrs` go onto the control (`placeholder`, `autocomplete`, `rows`)."""
    kind = kind_of(bound)
    widget = bound.field.widget
    given = {name.replace("_", "-"): value for name, value in attrs.items()}
    if kind in ("plain", "password"):
        given["class"] = f"{widget.attrs.get('class', '')} control".strip()
    if kind == "file":
        given["class"] = "file-input"
    limit = widget.attrs.get("data-count") or (
        bound.field.max_length
        if isinstance(widget, forms.Textarea) and isinstance(bound.field, forms.CharField)
        else None
    )
    return {
        "bound": bound,
        "kind": kind,
        "label": label or bound.label,
        "help": help or bound.help_text,
        "is_optional": not bound.field.required and kind != "checkbox",
        "control": control(bound, kind, given, has_help=bool(help)),
        "limit": limit,
        "count": len(str(bound.value() or "")) if limit else 0,
        "css": css,
        "is_multipart": kind == "file",
    }


def control(bound: BoundField, kind: str, attrs: dict[str, Any], *, has_help: bool) -> SafeString:
    """The input itself; the choices of a radio or checkbox group are printed one by one in the template."""
    if kind == "choices":
        return SafeString("")
    # Django names the help text only where the form has one; help that the page adds must be named here.
    if has_help and not bound.help_text:
        parts = [f"{bound.auto_id}_helptext", *([f"{bound.auto_id}_error"] if bound.errors else [])]
        attrs["aria-describedby"] = " ".join(parts)
    if isinstance(bound.field.widget, forms.Textarea):
        # The server decides what is too long and says so; the browser would silently cut a pasted text.
        attrs["maxlength"] = False
        if bound.field.widget.attrs.get("rows") == "10":  # Django's default, half a screen on a phone
            attrs.setdefault("rows", 4)
    return bound.as_widget(attrs=attrs)


@register.inclusion_tag("components/form.html")
def form_fields(form: forms.BaseForm) -> dict[str, Any]:
    """Every field of the form in its order, with the errors of the whole form on top."""
    return {"form": form}


@register.inclusion_tag("components/star_rating.html")
def star_field(bound: BoundField, label: str = "", low: str = "", high: str = "") -> dict[str, Any]:
    """Five stars as radio buttons; `low` and `high` are the words at the two ends."""
    chosen = str(bound.value() or "")
    marks = [(str(star), str(star) == chosen) for star in range(1, 6)]
    return {"bound": bound, "label": label or bound.label, "marks": marks, "low": low, "high": high}
