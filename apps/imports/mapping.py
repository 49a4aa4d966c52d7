"""Which column fills which field: by known layout, by name and synonym, by what the values look like."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from apps.imports import layouts
from apps.imports.layouts import Layout
from apps.imports.target import Field, Kind, Target

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ADDRESS = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_ERROR_COLUMNS = ("_row", "_column", "_value", "_code", "_reason", "_import")


@dataclass
class Proposal:
    """`columns`: field key → number of the column."""

    columns: dict[str, int] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    layout: Layout | None = None


def plain(name: str) -> str:
    """A column's name without case, marks and doubled spaces."""
    return " ".join(re.sub(r"[_\-./()#:*\u00a0]+", " ", name.lower()).split())


def propose(
    target: Target, fields: Sequence[Field], names: Sequence[str], sample: Mapping[int, Sequence[str]] | None = None
) -> Proposal:
    """The best guess. A person looks at it before anything is stored."""
    layout = layouts.recognise([plain(name) for name in names])
    if layout is not None and layout.target == target.key:
        found = by_names({key: [name] for key, name in layout.mapping.items()}, names)
        rest = _by_synonyms([each for each in fields if each.key.startswith("custom.")], names, set(found.values()))
        return Proposal(found | rest, dict(layout.constants), layout)
    columns = _by_synonyms(fields, names, set())
    taken = set(columns.values())
    for number, values in (sample or {}).items():
        given = [value.strip() for value in values if value.strip()]
        if number in taken or not given or names[number] in _ERROR_COLUMNS:
            continue
        for each in fields:
            if each.kind == Kind.EMAIL and each.key not in columns and all(map(_ADDRESS.match, given)):
                columns[each.key] = number
                break
    return Proposal(columns, layout=layout)


def by_names(wanted: Mapping[str, Sequence[str]], names: Sequence[str]) -> dict[str, int]:
    """Field key → the first column that has one of its names."""
    places = {plain(name): number for number, name in reversed(list(enumerate(names)))}
    found = {}
    for key, spellings in wanted.items():
        for spelling in spellings:
            if plain(spelling) in places:
                found[key] = places[plain(spelling)]
                break
    return found


def _by_synonyms(fields: Sequence[Field], names: Sequence[str], taken: set[int]) -> dict[str, int]:
    found: dict[str, int] = {}
    wanted = {
        each.key: [each.key, each.key.removeprefix("custom."), str(each.label), *each.synonyms] for each in fields
    }
    for key, number in by_names(wanted, names).items():
        if number not in taken:
            found[key] = number
            taken = taken | {number}
    # "customerID" and "CustomerId" are two words.
    split = [_CAMEL.sub(" ", name) for name in names]
    for key, number in by_names({key: words for key, words in wanted.items() if key not in found}, split).items():
        if number not in taken:
            found[key] = number
            taken = taken | {number}
    return found


def is_error_file(names: Sequence[str]) -> bool:
    """Whether this is one of our files of rejected rows, which somebody corrected."""
    return set(_ERROR_COLUMNS) <= set(names)
