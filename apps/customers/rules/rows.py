"""A rule as rows of a form: a field, an operator and one text each, all or any of them; and a rule in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.models import Organization
from apps.core.refused import Refused
from apps.customers.rules.fields import WITHOUT_VALUE, Field, Kind
from apps.customers.rules.rule import Condition, Group, Rule


@dataclass(frozen=True)
class Row:
    """One line of the form; a field that is not chosen yet makes it an empty one."""

    field: str = ""
    operator: str = ""
    value: str = ""


def document_of(rows: list[Row], fields: Mapping[str, Field], *, is_any: bool) -> dict[str, Any]:
    """The document that these rows say; unfinished rows are left out. Raises Refused (`bad_rule`)."""
    parts = [_question(row, fields[row.field]) for row in rows if row.field in fields and _is_finished(row, fields)]
    return {"any" if is_any else "all": parts}


def _is_finished(row: Row, fields: Mapping[str, Field]) -> bool:
    return row.operator in fields[row.field].operators and bool(row.operator in WITHOUT_VALUE or row.value.strip())


def _question(row: Row, field: Field) -> dict[str, Any]:
    question: dict[str, Any] = {"field": field.name, "operator": row.operator}
    if row.operator in WITHOUT_VALUE:
        return question
    return question | {"value": _value(field, row.operator, row.value.strip())}


def _value(field: Field, operator: str, text: str) -> Any:
    if field.kind is Kind.NUMBER:
        try:
            number = float(text.replace(",", "."))
        except ValueError as error:
            words = _("“%(field)s” needs a number.") % {"field": field.label}
            raise Refused(words, code="bad_rule", field="rule") from error
        return int(number) if number.is_integer() else number
    if field.kind is Kind.BOOLEAN:
        return text == "yes"
    if field.kind is Kind.DATE and text.isascii() and text.isdecimal() and len(text) < 7:
        return {"last_days" if operator in ("within", "not_within") else "days_ago": int(text)}
    return text


def rows_of(rule: Rule) -> tuple[list[Row], bool] | None:
    """The rows that say this rule and whether any is enough; None for groups within groups."""
    rows = []
    for part in rule.group.parts:
        if isinstance(part, Group):
            return None
        rows.append(Row(part.field.name, part.operator, _text(part.value)))
    return rows, rule.group.is_any


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return str(next(iter(value.values())))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def in_words(rule: Rule) -> str:
    """The rule as a sentence for people."""
    return _group_words(rule.group, rule.organization, 0) or _("Every customer")


def _group_words(group: Group, organization: Organization, depth: int) -> str:
    joint = f" {_('or')} " if group.is_any else f" {_('and')} "
    parts = [
        _condition_words(part, organization)
        if isinstance(part, Condition)
        else _group_words(part, organization, depth + 1)
        for part in group.parts
    ]
    words = joint.join(filter(None, parts))
    return f"({words})" if depth and len(parts) > 1 else words


def _condition_words(condition: Condition, organization: Organization) -> str:
    field, value = condition.field, condition.value
    words = f"{field.label} {field.operators[condition.operator]}"
    if condition.operator in WITHOUT_VALUE:
        return words
    if isinstance(value, dict):
        number = next(iter(value.values()))
        return f"{words} {number}" if "last_days" in value else f"{words} {_('%(n)d days ago') % {'n': number}}"
    if isinstance(value, bool):
        return f"{words} {_('yes') if value else _('no')}"
    if field.choices is not None:
        labels = {str(key): str(label) for key, label in field.choices(organization)}
        return f"{words} {labels.get(str(value), value)}"
    return f"{words} {value}"
