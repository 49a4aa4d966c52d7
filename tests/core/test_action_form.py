"""A refusal stands beside its field, or on top when it blames none of them."""

from __future__ import annotations

from django import forms

from apps.core.action_form import ActionForm
from apps.core.refused import Refused


class NameForm(ActionForm):
    name = forms.CharField()


def refuse(field: str | None) -> str:
    raise Refused("No.", code="no", field=field)


def test_result_of_the_action() -> None:
    form = NameForm({"name": "Ada"})
    assert form.is_valid()
    assert form.apply(str.upper, "ada") == "ADA"
    assert form.answer_status == 200


def test_refusal_beside_its_field_or_on_top() -> None:
    for field, place in (("name", "name"), ("other", "__all__"), (None, "__all__")):
        form = NameForm({"name": "Ada"})
        assert form.is_valid()
        assert form.apply(refuse, field) is None
        assert form.errors == {place: ["No."]}
        assert form.answer_status == 422


def test_form_that_is_only_shown() -> None:
    assert NameForm().answer_status == 200
