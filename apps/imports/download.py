"""The rejected rows as an answer, for the page and for programs."""

from __future__ import annotations

from django.http import FileResponse, Http404

from apps.imports.models import ImportRun


def error_file_of(run: ImportRun) -> FileResponse:
    """The file as a download that no browser shows. Raises Http404 where there is none."""
    path = run.error_file
    if path is None or not path.exists():
        raise Http404
    name = f"{run.name.rsplit('.', 1)[0]}-rejected.csv"
    response = FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
