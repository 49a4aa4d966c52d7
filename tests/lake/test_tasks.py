"""The sweep, its entry in beat, and its gauges."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from apps.core import metrics, waker
from apps.core.schedule import SCHEDULE
from apps.lake import tasks
from apps.lake.models import FileState, LakeFile


def test_sweep_carries_everything_that_is_due(put: Callable[..., LakeFile], folder: Path) -> None:
    for number in range(3):
        put(f"feedback/{number}.json")
    assert metrics.GAUGES["compass_lake_files"].read()[("waiting",)] == 3
    assert metrics.GAUGES["compass_lake_oldest_waiting_seconds"].read()[()] > 0
    tasks.upload_waiting()
    assert set(LakeFile.objects.values_list("state", flat=True)) == {FileState.STORED}
    assert metrics.GAUGES["compass_lake_files"].read() == {("waiting",): 0, ("failed",): 0}
    assert metrics.GAUGES["compass_lake_oldest_waiting_seconds"].read()[()] == 0


def test_long_sweep_hands_over_to_a_new_task(
    put: Callable[..., LakeFile], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(waker, "wake", woken.append)
    monkeypatch.setattr(tasks, "STINT_SECONDS", -1)
    put("feedback/a.json")
    put("feedback/b.json")
    tasks.upload_waiting()
    assert woken == ["lake.upload_waiting"]
    assert LakeFile.objects.waiting().count() == 1


def test_beat_knows_the_sweep() -> None:
    assert "lake.upload_waiting" in {entry.task for entry in SCHEDULE}
