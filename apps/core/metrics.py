"""Numbers for Prometheus: counters and histograms written where things happen, gauges asked for when somebody scrapes.

    SENT = metrics.Counter("compass_mails_sent_total", "Mails handed to a provider", ["provider"])

    @metrics.gauge_source("compass_messages", "Messages by state", ["state"])     # in the app's gauges.py
    def message_states() -> metrics.Samples:
        return {(state,): count for state, count in …}

All processes (page servers, workers, beat) write into files in VAR_DIR/metrics, and a scrape of any of them adds the
files up: see `docs/decisions/0004-metrics-of-several-processes.md`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.utils.module_loading import autodiscover_modules

if TYPE_CHECKING:
    import prometheus_client

log = structlog.get_logger(__name__)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
KEEP_DEAD_SECONDS = 24 * 3600

Samples = Mapping[tuple[str, ...], float]
Source = Callable[[], Samples]

_making = threading.RLock()


def folder() -> Path:
    """Where all processes of this machine keep their numbers."""
    path = Path(settings.VAR_DIR) / "metrics"
    path.mkdir(parents=True, exist_ok=True)
    return path


def _prometheus() -> Any:
    """The library, loaded at the first use: it costs a starting process 70 ms."""
    # It decides when it is imported whether values live in files or in memory.
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(folder()))
    import prometheus_client

    return prometheus_client


@dataclass(frozen=True)
class Counter:
    """How often something happened: `COUNTER.labels("smtp").inc()`."""

    name: str
    help: str
    label_names: tuple[str, ...] | list[str] = ()

    @cached_property
    def _real(self) -> prometheus_client.Counter:
        return _prometheus().Counter(self.name, self.help, self.label_names)  # type: ignore[no-any-return]

    def labels(self, *values: str) -> prometheus_client.Counter:
        """The counter of these label values."""
        with _making:
            return self._real.labels(*values)

    def inc(self, amount: float = 1) -> None:
        """Count, on a counter without labels."""
        with _making:
            self._real.inc(amount)


@dataclass(frozen=True)
class Histogram:
    """How long things took, in seconds: `HISTOGRAM.labels("GET").observe(0.2)`."""

    name: str
    help: str
    label_names: tuple[str, ...] | list[str] = ()
    buckets: tuple[float, ...] = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

    @cached_property
    def _real(self) -> prometheus_client.Histogram:
        return _prometheus().Histogram(  # type: ignore[no-any-return]
            self.name, self.help, self.label_names, buckets=self.buckets
        )

    def labels(self, *values: str) -> prometheus_client.Histogram:
        """The histogram of these label values."""
        with _making:
            return self._real.labels(*values)


@dataclass(frozen=True)
class Gauge:
    """A number that is looked up at scrape time."""

    help: str
    labels: tuple[str, ...]
    read: Source


GAUGES: dict[str, Gauge] = {}


def gauge_source(name: str, help: str, labels: Iterable[str] = ()) -> Callable[[Source], Source]:
    """Ask the decorated function for label values → number whenever somebody scrapes; it must be cheap."""

    def register(read: Source) -> Source:
        GAUGES[name] = Gauge(help, tuple(labels), read)
        return read

    return register


class _Gauges:
    """A collector in Prometheus' sense."""

    def collect(self) -> Iterable[Any]:
        """Every gauge that can be read now; one that cannot is left out, so that the others are still seen."""
        from prometheus_client.core import GaugeMetricFamily

        for name, gauge in sorted(GAUGES.items()):
            family = GaugeMetricFamily(name, gauge.help, labels=gauge.labels)
            try:
                for values, number in gauge.read().items():
                    family.add_metric(list(values), number)
            except Exception as error:
                log.warning("gauge_unreadable", gauge=name, error=str(error))
                continue
            yield family


def exposition() -> bytes:
    """All numbers in Prometheus' text format. Gauges stand in each app's `gauges.py`, loaded by the first scrape."""
    library = _prometheus()
    from prometheus_client.multiprocess import MultiProcessCollector

    autodiscover_modules("gauges")
    registry = library.CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder()))  # type: ignore[no-untyped-call]
    registry.register(_Gauges())
    text: bytes = library.generate_latest(registry)
    return text


def forget_dead_processes(*, now: float) -> int:
    """Delete the files of processes that ended more than a day ago (Unix time `now`); returns how many.

    Their counts vanish, which Prometheus reads as a restart; done at once, every recycled worker would look like one.
    """
    gone = 0
    for file in folder().glob("*.db"):
        process = file.stem.rpartition("_")[2]
        with suppress(FileNotFoundError):
            if process.isdecimal() and not _lives(int(process)) and now - file.stat().st_mtime > KEEP_DEAD_SECONDS:
                file.unlink()
                gone += 1
    return gone


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
