"""Starting on a machine that is not ready for it: a sentence that helps, not a stack trace."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def start(*command: str, var: Path) -> subprocess.CompletedProcess[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    env = {**os.environ, "VAR_DIR": str(var), "PORT": port, "DJANGO_SETTINGS_MODULE": "config.settings"}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("command", [["manage.py", "check"], ["scripts/run.py"]])
def test_folder_that_cannot_be_written_to(tmp_path: Path, command: list[str]) -> None:
    # A place that not even root can write to, as in a container with a read-only disk.
    (tmp_path / "file").write_text("")
    ended = start(*command, var=tmp_path / "file" / "var")
    assert ended.returncode == 1
    assert f"cannot write to {tmp_path}/file/var" in ended.stderr
    assert "VAR_DIR=" in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
