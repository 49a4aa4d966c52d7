"""Make the virtual environment and install locked dependencies: `python3 scripts/bootstrap.py base|dev`.

Needs nothing but Python 3.11 or newer. A second call with unchanged locks costs a few milliseconds.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
UV = PYTHON.with_name("uv.exe" if sys.platform == "win32" else "uv")
SETS = {"base": ["base"], "dev": ["base", "dev"]}


def main(wanted: str) -> None:
    """Install the lock files of this set unless they are installed already."""
    if sys.version_info < (3, 11):
        sys.exit(f"Customer Compass needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    if not PYTHON.exists():
        print("Making the virtual environment in .venv …", flush=True)
        venv.create(VENV, with_pip=True)
    for name in SETS[wanted]:
        install(ROOT / "requirements" / f"{name}.txt")


def install(lock: Path) -> None:
    """Install one lock file with uv, or with pip where uv cannot be had."""
    stamp = VENV / f".installed-{lock.stem}"
    fingerprint = hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == fingerprint:
        return
    print(f"Installing {lock.relative_to(ROOT)} …", flush=True)
    if not UV.exists():
        subprocess.run([PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "uv"], check=False)
    if UV.exists():
        command = [UV, "pip", "install", "-q", "--python", PYTHON, "--require-hashes", "-r", lock]
    else:
        command = [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", lock]
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"Installing {lock.name} failed; the lines above say why. Is the package index reachable?")
    stamp.write_text(fingerprint)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "base")
