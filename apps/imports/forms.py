"""What people say of a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Organization
from apps.core.action_form import ActionForm
from apps.imports import target
from apps.imports.models import ImportMapping, ImportRun
from apps.imports.target import Field

ENCODINGS = [
    ("utf-8", "UTF-8"), ("cp1252", "Windows-1252"), ("utf-16", "UTF-16"), ("utf-16-le", "UTF-16 LE"),
    ("utf-16-be", "UTF-16 BE"), ("iso8859-15", "ISO 8859-15"), ("cp850", "DOS (850)"),
]  # fmt: skip
DELIMITERS = [(",", _("Comma")), (";", _("Semicolon")), ("\t", _("Tab")), ("|", "|")]
SETTINGS = ("encoding", "delimiter", "decimal", "date_order", "has_header")


class UploadForm(ActionForm):
    """The file, and what it is if that is known."""

    file = forms.FileField(label=_("File"), help_text=_("CSV, TSV, Excel or Parquet, also gzipped."))
    target = forms.ChoiceField(label=_("What it holds"), required=False)
    mapping = forms.ModelChoiceField(
        ImportMapping.objects.none(), label=_("Saved mapping"), required=False, empty_label=_("None")
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(each.key, each.label) for each in target.all_targets()]
        self.fields["target"].choices = [("", _("Recognise it")), *known]  # type: ignore[attr-defined]
        self.fields["mapping"].queryset = (  # type: ignore[attr-defined]
            ImportMapping.objects.owned_by(organization).order_by("name")
        )


class DescribeForm(ActionForm):
    """How the file is written, and which column or fixed value fills which field."""

    target = forms.ChoiceField(label=_("What it holds"))
    source = forms.CharField(
        label=_("Source"), max_length=50, help_text=_("Which system the rows come from. Numbers are unique within it.")
    )
    has_header = forms.BooleanField(label=_("The first row holds the names of the columns"), required=False)
    encoding = forms.ChoiceField(label=_("Encoding"), choices=ENCODINGS)
    delimiter = forms.ChoiceField(label=_("Separator"), choices=DELIMITERS)
    decimal = forms.ChoiceField(label=_("Decimal sign"), choices=[(".", "1,234.56"), (",", "1.234,56")])
    date_order = forms.ChoiceField(
        label=_("Dates like 02/03/2024"),
        required=False,
        choices=[("", _("There are none")), ("dmy", _("Day first: 2 March")), ("mdy", _("Month first: 3 February"))],
    )
    mapping_name = forms.CharField(label=_("Keep this mapping under the name"), max_length=100, required=False)

    def __init__(self, *args: Any, run: ImportRun, **kwargs: Any) -> None:
        self.run, self.of_file = run, target.get(run.target).fields_for(run.organization)
        super().__init__(*args, **{"initial": _initial(run), **kwargs})
        self.fields["target"].choices = [(each.key, each.label) for each in target.all_targets()]  # type: ignore[attr-defined]
        columns = [("", "–"), *((str(number), name) for number, name in enumerate(run.columns))]
        for field in self.of_file:
            self.fields[f"column-{field.key}"] = forms.ChoiceField(label=field.label, choices=columns, required=False)
            self.fields[f"value-{field.key}"] = forms.CharField(
                label=_("Fixed value of %(field)s") % {"field": field.label}, max_length=200, required=False
            )
        if run.settings.get("format") != "delimited":
            del self.fields["encoding"], self.fields["delimiter"]

    @property
    def columns(self) -> dict[str, int]:
        """Field key → number of the column."""
        chosen = {field.key: self.cleaned_data.get(f"column-{field.key}") for field in self.of_file}
        return {key: int(number) for key, number in chosen.items() if number}

    @property
    def constants(self) -> dict[str, str]:
        """Field key → fixed value, where no column is chosen."""
        said = {field.key: self.cleaned_data.get(f"value-{field.key}") for field in self.of_file}
        return {key: value for key, value in said.items() if value and key not in self.columns}

    @property
    def settings(self) -> dict[str, Any]:
        """How the file is written."""
        return {name: self.cleaned_data[name] for name in SETTINGS if name in self.cleaned_data}

    def rows(self, examples: dict[int, str]) -> Sequence[tuple[Field, Any, Any, str]]:
        """For the template: field, its two inputs, and an example from the file."""
        return [
            (
                field,
                self[f"column-{field.key}"],
                self[f"value-{field.key}"],
                examples.get(self.run.mapping.get(field.key, -1), ""),
            )
            for field in self.of_file
        ]


def _initial(run: ImportRun) -> dict[str, Any]:
    initial: dict[str, Any] = {"target": run.target, "source": run.source}
    initial |= {name: run.settings.get(name) for name in SETTINGS}
    initial |= {f"column-{key}": str(number) for key, number in run.mapping.items()}
    initial |= {f"value-{key}": value for key, value in run.constants.items()}
    return initial
