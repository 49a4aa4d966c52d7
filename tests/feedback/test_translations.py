"""Every word that a customer reads is there in each language, and the compiled catalogue is the one of the sources."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation import templatize
from django.utils.translation.trans_real import translation as catalogue

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = [
    "templates/feedback/survey.html",
    "templates/feedback/thanks.html",
    "templates/feedback/link_refused.html",
    "templates/feedback/email/survey.html",
    "templates/feedback/email/survey.txt",
    "templates/feedback/email/survey_subject.txt",
    "templates/messaging/email/base.html",
    "templates/messaging/email/test.html",
    "templates/messaging/unsubscribe.html",
    "templates/customers/preferences.html",
    "templates/customers/privacy_export.html",
    "templates/components/star_rating.html",
    "templates/errors/base.html",
    "templates/errors/429.html",
    "apps/feedback/answers.py",
    "apps/feedback/models/settings.py",
    "apps/forms/refusals.py",
]
# Staff read these; they stand in a file with words for customers.
FOR_STAFF = re.compile(r"hours|reminder|settings|wording|remind people")
CATALOGUE = ROOT / "locale/de/LC_MESSAGES/django.po"


def words_of(path: str) -> set[str]:
    """The message ids of a source file."""
    text = (ROOT / path).read_text()
    if not path.endswith(".py"):
        text = templatize(text)
        return {found[1] for found in re.findall(r"gettext\(u?(['\"])(.*?)(?<!\\)\1", text)}
    return {
        node.args[0].value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("_", "gettext")
        and isinstance(node.args[0], ast.Constant)
    }


@pytest.mark.parametrize("path", PUBLIC)
def test_words_for_customers_are_translated(path: str) -> None:
    words = {word for word in words_of(path) if not FOR_STAFF.search(word)}
    assert words, "the file has words"
    with translation.override("de"):
        known = catalogue("de")._catalog
        assert not {word for word in words if not known.get(word) and not known.get((word, 0))}


def test_compiled_catalogue_is_current(tmp_path: Path) -> None:
    compiled = tmp_path / "django.mo"
    try:
        subprocess.run(["msgfmt", "--check-format", "-o", compiled, CATALOGUE], check=True)
    except FileNotFoundError:
        pytest.skip("gettext's msgfmt is not installed")
    assert compiled.read_bytes() == CATALOGUE.with_suffix(".mo").read_bytes(), "run: make messages"


def test_no_entry_is_empty_or_a_guess() -> None:
    text = CATALOGUE.read_text(encoding="utf-8")
    assert not re.findall(r"^#,.*fuzzy.*$", text, re.M)
    # An empty string that no further line continues; the first entry is the head of the file.
    entries = text.split("\n\n")[1:]
    assert not [entry for entry in entries if re.search(r'^msgstr(\[\d\])? ""(?!\n")', entry, re.M)]
