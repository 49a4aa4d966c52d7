"""The tracking plan of an organisation, compiled: kept by the process until a newer version of it exists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.functional import cached_property

from apps.tracking.models import PlanEvent, PlanMode, TrackingSettings

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

MOST_VIOLATIONS = 10
MOST_KEPT = 1000
LONGEST_VIOLATION = 300


def validator(schema: Mapping[str, Any]) -> Validator:
    """What checks against this schema. References lead nowhere but into the schema itself: nothing is fetched."""
    from jsonschema import Draft202012Validator
    from referencing import Registry

    return Draft202012Validator(dict(schema), registry=Registry())


def problems(schema: Any) -> list[str]:
    """What is wrong with the schema itself; empty when it can be used."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    if not isinstance(schema, dict):
        return ["A schema is a JSON object."]
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return [f"{_place(error.absolute_path)}: {error.message}"[:LONGEST_VIOLATION]]
    outside = [reference for reference in _references(schema) if not reference.startswith("#")]
    return [f"$ref {reference!r} leads out of the schema." for reference in outside]


@dataclass(frozen=True)
class Rule:
    """What the plan says of one event."""

    schema: Mapping[str, Any]
    mode: str
    is_key_event: bool

    @cached_property
    def _validator(self) -> Validator | None:
        return validator(self.schema) if self.schema and self.mode != PlanMode.ALLOW else None

    def violations(self, payload: Any) -> list[str]:
        """In words, the first ones."""
        if self._validator is None or self._validator.is_valid(payload):
            return []
        found = []
        for error in self._validator.iter_errors(payload):
            found.append(f"{_place(error.absolute_path)}: {error.message}"[:LONGEST_VIOLATION])
            if len(found) == MOST_VIOLATIONS:
                break
        return found


UNKNOWN = "The event is not in the tracking plan."


@dataclass(frozen=True)
class Rules:
    """A whole plan."""

    version: int
    unknown_events: str = PlanMode.ALLOW
    late_days: int = 30
    test_users: tuple[str, ...] = ()
    consent_categories: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[tuple[str, str], Rule] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether nothing is checked."""
        return not self.events and self.unknown_events == PlanMode.ALLOW

    def verdict(self, call: str, name: str, payload: Any) -> tuple[list[str], bool, bool]:
        """The violations, whether they block the event, and whether it belongs onto the timeline."""
        rule = self.events.get((call, name)) or self.events.get((call, ""))
        if rule is None:
            # Who somebody is and which page they saw needs no plan, unless there is one.
            if call != "track" or self.unknown_events == PlanMode.ALLOW:
                return [], False, False
            return [UNKNOWN], self.unknown_events == PlanMode.BLOCK, False
        found = rule.violations(payload)
        return found, bool(found) and rule.mode == PlanMode.BLOCK, rule.is_key_event


_kept: dict[int, Rules] = {}


def rules_of(organization_id: int, version: int) -> Rules:
    """The organisation's plan in this version (0: nothing was ever set)."""
    kept = _kept.get(organization_id)
    if kept is None or kept.version != version:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        kept = _kept[organization_id] = _load(organization_id, version)
    return kept


def forget_kept() -> None:
    """Read every plan anew (tests: a transaction that is rolled back gives a version away a second time)."""
    _kept.clear()


def _load(organization_id: int, version: int) -> Rules:
    settings = TrackingSettings.objects.owned_by(organization_id).first()
    if settings is None:
        return Rules(version)
    events = {
        (event.type, event.name): Rule(event.schema, event.mode, event.is_key_event)
        for event in PlanEvent.objects.owned_by(organization_id)
    }
    return Rules(
        version,
        settings.unknown_events,
        settings.late_days,
        tuple(word.lower() if "@" in word else word for word in settings.test_users.split()),
        settings.consent_categories,
        events,
    )


def _place(path: Any) -> str:
    return ".".join(str(step) for step in path) or "properties"


def _references(schema: Any) -> list[str]:
    found: list[str] = []
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            found += [value for key, value in part.items() if key in ("$ref", "$dynamicRef") and isinstance(value, str)]
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return found
