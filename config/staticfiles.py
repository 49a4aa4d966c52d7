"""Which static files of the installed packages are served: not those that no page of ours uses."""

from __future__ import annotations

from django.contrib.staticfiles.apps import StaticFilesConfig


class OnlyWhatIsUsed(StaticFilesConfig):
    """Leaves out ReDoc and DRF's browsable API; compressing them took most of a first start."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "redoc", "rest_framework"]
