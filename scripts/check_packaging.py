"""Static checks of what a machine without a container engine cannot run: lock files, Dockerfile, compose file."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
problems: list[str] = []


def expect(condition: object, problem: str) -> None:
    """Note the problem unless the condition holds."""
    if not condition:
        problems.append(problem)


def check_locks() -> None:
    """Every wish says why it is there; every lock holds hashes and every wish."""
    for wishes in sorted((ROOT / "requirements").glob("*.in")):
        lock = wishes.with_suffix(".txt").read_text()
        pinned = set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==", lock, re.M))
        entries = re.split(r"\n(?=[a-z0-9])", "\n" + lock)[1:]
        expect(all("--hash=sha256:" in entry for entry in entries), f"{wishes.stem}.txt: a line without a hash")
        expect("://" not in re.sub(r"#.*", "", lock), f"{wishes.stem}.txt names a registry")
        for line in wishes.read_text().splitlines():
            if line and not line.startswith(("#", "-")):
                name = re.match(r"[A-Za-z0-9._-]+", line)
                expect("#" in line, f"{wishes.name}: “{line}” does not say why")
                is_pinned = name and name[0].lower().replace("_", "-") in pinned
                expect(is_pinned, f"{wishes.stem}.txt lacks {line.split()[0]}")
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for name, package in packages.items():
        expect("resolved" not in package, f"package-lock.json: {name} names a registry")
        expect(not name or "integrity" in package, f"package-lock.json: {name} has no hash")


def check_dockerfile() -> None:
    """Two stages, nobody is root, a health check, commands as lists, copied things exist."""
    text = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text())
    lines = [line.split(None, 1) for line in text.splitlines() if line.strip() and not line.startswith("#")]
    final = lines[max(number for number, line in enumerate(lines) if line[0] == "FROM") :]
    stages = [line[1].split(" AS ")[-1] for line in lines if line[0] == "FROM"]
    expect(len(stages) >= 2, "Dockerfile: not multi-stage")
    users = [line[1] for line in final if line[0] == "USER"]
    expect(users and users[-1] not in ("root", "0"), "Dockerfile: runs as root")
    expect(any(line[0] == "HEALTHCHECK" for line in final), "Dockerfile: no HEALTHCHECK")
    for line in lines:
        if line[0] in ("CMD", "ENTRYPOINT"):
            expect(isinstance(json.loads(line[1]), list), f"Dockerfile: {line[0]} is no list")
        if line[0] == "COPY":
            *sources, _target = [word for word in line[1].split() if not word.startswith("--")]
            stage = re.search(r"--from=(\S+)", line[1])
            if stage:
                expect(stage[1] in stages, f"Dockerfile: no stage {stage[1]}")
            else:
                for source in sources:
                    expect((ROOT / source).exists(), f"Dockerfile: COPY of {source}, which does not exist")


def check_compose() -> None:
    """Web, worker, beat, PostgreSQL and Redis; conditions that can come true; only settings that exist."""
    import config.settings  # noqa: F401  (declares the settings)
    from config.env import DECLARED

    compose: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    services = compose["services"]
    expect({"web", "worker", "beat", "postgres", "redis"} <= set(services), "compose: a service is missing")
    for name, service in services.items():
        for needed, how in (service.get("depends_on") or {}).items():
            expect(needed in services, f"compose: {name} needs {needed}, which does not exist")
            if how["condition"] == "service_healthy":
                expect("test" in services[needed].get("healthcheck", {}), f"compose: {needed} has no health check")
        for variable in service.get("environment") or {}:
            ours = "build" in service
            expect(not ours or variable in DECLARED, f"compose: {name} sets {variable}, which no setting reads")
        for volume in service.get("volumes") or []:
            expect(volume.split(":")[0] in compose["volumes"], f"compose: {name} mounts unknown {volume}")
    from django.conf import settings

    queues = set(settings.CELERY_TASK_QUEUES_EXPLAINED)
    command = services["worker"]["command"]
    expect(set(command[command.index("--queues") + 1].split(",")) == queues, "compose: the worker misses a queue")


if __name__ == "__main__":
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    check_locks()
    check_dockerfile()
    check_compose()
    sys.exit("\n".join(problems) if problems else None)
