"""A form that hands what was typed to one action and shows its refusal beside the right field."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django import forms

from apps.core.refused import Refused

P = ParamSpec("P")
T = TypeVar("T")


class ActionForm(forms.Form):
    """`if form.is_valid() and (visit := form.apply(actions.capture_visit, draft, …)): return redirect(…)`."""

    def apply(self, action: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """What the action returned; None when it refused, and then the form says why."""
        try:
            return action(*args, **kwargs)
        except Refused as refused:
            self.add_error(refused.field if refused.field in self.fields else None, refused.message)
            return None

    @property
    def answer_status(self) -> int:
        """200 for a form that is shown, 422 for one that was sent and needs another look."""
        return 422 if self.errors else 200
