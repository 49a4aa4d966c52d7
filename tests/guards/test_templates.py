"""Every template that a view names exists, and every fragment that it lists is in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

CODE = Path(settings.BASE_DIR) / "apps"


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every `render_page(…)` and `render(…)` in our code, with where it stands."""
    for file in sorted(CODE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in ("render_page", "render") and len(node.args) >= 2:
                    yield f"{file.relative_to(CODE)}:{node.lineno}", node


def named() -> list[tuple[str, str, list[str]]]:
    found = []
    for place, call in calls():
        template = call.args[1]
        if isinstance(template, ast.Constant) and isinstance(template.value, str):
            listed = next((word.value for word in call.keywords if word.arg == "fragments"), None)
            elements = listed.elts if isinstance(listed, ast.List | ast.Tuple) else []
            fragments = [str(element.value) for element in elements if isinstance(element, ast.Constant)]
            found.append((place, template.value, fragments))
    return found


NAMED = named()


def test_something_is_looked_at() -> None:
    assert NAMED


@pytest.mark.parametrize(("place", "template", "fragments"), NAMED, ids=[place for place, *_ in NAMED])
def test_template_and_fragments_exist(place: str, template: str, fragments: list[str]) -> None:
    get_template(template)
    for fragment in fragments:
        get_template(f"{template}#{fragment}")
