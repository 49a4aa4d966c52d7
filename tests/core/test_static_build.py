"""The front-end build: built once per input, and the lock file says nothing about whoever made it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
from django.conf import settings

ROOT: Path = settings.BASE_DIR


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, working on a small tree of its own whose packages are already there."""
    spec = importlib.util.spec_from_file_location("build_static", ROOT / "scripts/build_static.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    files = {
        "package.json": "{}",
        "package-lock.json": "{}",
        "static/icons.txt": "star\nfilled/star\n",
        "static/css/tokens.css": "@layer tokens{}",
        "static/css/shell/1_frame.css": "@layer shell{}",
        "static/css/components/1_basics.css": "@layer components{}",
        "static/css/aardvark.css": "@layer pages{}",
        "static/css/public.css": "customer{}",
        "static/js/theme.js": "theme();",
        "static/js/one.js": "const a = 1;\n",
        "static/js/two.js": "const a = 2;\n",
        "node_modules/@tabler/core/dist/css/tabler.min.css": '@charset "UTF-8";a{}\n/*# sourceMappingURL=x.map */',
        "node_modules/@tabler/icons/icons/outline/star.svg": "<!-- tags -->\n<svg x='1'>\n <path d='M1' />\n</svg>",
        "node_modules/@tabler/icons/icons/filled/star.svg": "<svg><path d='M2' /></svg>",
        "node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2": "font",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for name, path in {"ROOT": "", "STATIC": "static", "DIST": "static/dist", "MODULES": "node_modules"}.items():
        monkeypatch.setattr(script, name, tmp_path / path)
    (tmp_path / "node_modules/.compass").write_text(
        script.digest(tmp_path / "package.json", tmp_path / "package-lock.json")
    )
    return script


def test_builds_once_and_again_after_a_change(build: ModuleType) -> None:
    assert build.build() is True
    assert build.build() is False
    (build.STATIC / "js/one.js").write_text("const a = 3;\n")
    assert build.build() is True
    assert "const a = 3" in (build.DIST / "staff.js").read_text()


def test_styles_scripts_and_sprite(build: ModuleType) -> None:
    build.build()
    css = (build.DIST / "staff.css").read_text()
    assert css.startswith("@layer tabler, tokens, shell, components, pages;\n@layer tabler{a{}}")
    assert css.index("@layer components{}") < css.index("@layer pages{}")
    assert "customer{}" not in css
    assert "charset" not in css and "sourceMappingURL" not in css
    script = (build.DIST / "staff.js").read_text()
    assert "theme();" not in script and script.count("{\nconst a") == 2
    sprite = (build.DIST / "icons.svg").read_text()
    assert '<symbol id="star" viewBox="0 0 24 24" fill="none"' in sprite and '<symbol id="star-filled"' in sprite


def test_lock_file_names_no_registry() -> None:
    assert "http" not in (ROOT / "package-lock.json").read_text().replace("https://github.com/sponsors", "").replace(
        "https://opencollective.com", ""
    )


def test_packages_are_pinned_exactly() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    versions = [*package["dependencies"].values(), *package["devDependencies"].values()]
    assert all(version[0].isdigit() for version in versions)


def test_customer_pages_stay_small() -> None:
    assert (ROOT / "static/css/public.css").stat().st_size < 12_000
