"""Documents keep their promises: links lead somewhere, named functions are there, every API route is in the guide."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.conf import settings
from drf_spectacular.drainage import reset_generator_stats
from drf_spectacular.generators import SchemaGenerator

from config import env

ROOT = Path(settings.BASE_DIR)
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```.*?^```[^\S\n]*$", re.M | re.S)
LINK = re.compile(r"(?<!\\)!?\[((?:[^\[\]]|\[[^\]]*\])*)\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
ATTRIBUTE = re.compile(r"<(?:img|a)\b[^>]*?\b(?:src|href)=\"([^\"]+)\"")
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.I)
NAME = re.compile(r"`([A-Za-z_]\w*)`\Z")
VARIABLE = re.compile(r"(?<![\w$/])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?=[`=\s,.;)])")
# Names in capitals that are no settings of ours → what they are.
NO_SETTINGS = {"POSTGRES_PASSWORD": "compose.yaml reads it, for the database's container."}


@dataclass(frozen=True)
class Link:
    """A link to a place in this repository, and where it stands."""

    document: Path
    words: str
    target: str

    @property
    def file(self) -> Path:
        """The file or folder that is meant."""
        path = unquote(self.target.partition("#")[0])
        return (self.document.parent / path).resolve() if path else self.document

    def __str__(self) -> str:
        return f"{self.document.relative_to(ROOT)}: {self.target}"


def links() -> Iterator[Link]:
    """Every link that does not lead out of the repository."""
    for document in DOCUMENTS:
        text = FENCE.sub("", document.read_text())
        found = [*LINK.findall(text), *(("", target) for target in ATTRIBUTE.findall(text))]
        yield from (Link(document, words, target) for words, target in found if not ELSEWHERE.match(target))


@cache
def anchors(document: Path) -> set[str]:
    """The anchors that GitHub makes of the headings: lower case, hyphens for spaces, a number for a repeated one."""
    made: set[str] = set()
    for heading in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", FENCE.sub("", document.read_text()), re.M):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        number = 0
        while (anchor := f"{slug}-{number}" if number else slug) in made:
            number += 1
        made.add(anchor)
    return made


def test_links_lead_to_files() -> None:
    dead = [str(link) for link in links() if not link.file.exists() or not link.file.is_relative_to(ROOT)]

    assert not dead


def test_anchors_lead_to_headings() -> None:
    lost = [
        str(link)
        for link in links()
        if "#" in link.target
        and link.file.suffix == ".md"
        and link.file.exists()
        and link.target.partition("#")[2] not in anchors(link.file)
    ]

    assert not lost


def test_a_name_that_links_to_code_is_defined_there() -> None:
    missing = []
    for link in links():
        named = NAME.match(link.words)
        if named and link.file.suffix == ".py" and link.file.exists() and named[1] not in defined_in(link.file):
            missing.append(f"{link}: {named[1]}")

    assert not missing


def defined_in(file: Path) -> set[str]:
    """Functions and classes of a module."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, kinds)}


def test_every_route_of_the_api_says_what_it_does() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    routes = {path: said for path, said in schema["paths"].items() if path.startswith("/api/v1/")}
    silent = [f"{method} {path}" for path, said in routes.items() for method in said if not said[method].get("summary")]

    assert routes
    assert not silent


def test_the_description_of_the_api_leaves_no_doubts(capsys: pytest.CaptureFixture[str]) -> None:
    """The generator warns of guessed types, of names that two operations or two sets of words share."""
    reset_generator_stats()
    SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]

    assert not capsys.readouterr().err


def test_variables_are_declared() -> None:
    """Also those in the lines to type: a misspelt variable is silently ignored."""
    named = {
        name: str(document.relative_to(ROOT))
        for document in DOCUMENTS
        if "decisions" not in document.parts
        for name in VARIABLE.findall(without_shell_variables(document.read_text()))
    }
    known = env.DECLARED.keys() | NO_SETTINGS.keys() | read_by_tools()
    unknown = {name: where for name, where in named.items() if name not in known}

    assert not unknown
    assert not NO_SETTINGS.keys() - named.keys(), "remove stale entries"


def read_by_tools() -> set[str]:
    """Variables that the programs beside the product read by themselves."""
    files = [*(ROOT / "bench").rglob("*.py"), *(ROOT / "scripts").rglob("*.py")]
    reading = re.compile(r"environ(?:\.get\(|\.setdefault\(|\[)\s*\"([A-Z_]+)\"")
    return {name for file in files for name in reading.findall(file.read_text())}


def without_shell_variables(text: str) -> str:
    """The text without the variables that its own lines set by typing (`TOKEN_OF_LINK=…` with a capture or a blank)."""
    own = set(re.findall(r"^([A-Z_]+)=(?:\$\(|…$)", text, re.M))
    return re.sub(r"\b[A-Z_]+\b", lambda match: "" if match[0] in own else match[0], text)


def test_pictures_are_small() -> None:
    heavy = [path.name for path in (ROOT / "docs/img").iterdir() if path.stat().st_size > 150_000]

    assert not heavy
