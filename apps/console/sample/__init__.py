"""Sample data with known truth: a chain of opticians over two years, for demos, checks and measurements.

`make(customers=…, seed=…, until=…)` draws everything without a clock or a database; `write_files` puts it beside its
truth; `load` puts it into an organisation. The same arguments give the same bytes.
"""

from apps.console.sample.drawing import make
from apps.console.sample.files import write_files
from apps.console.sample.loading import load
from apps.console.sample.shapes import Known, Sample

__all__ = ["Known", "Sample", "load", "make", "write_files"]
