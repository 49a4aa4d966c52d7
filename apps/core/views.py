"""Pages of the kernel: health and metrics for machines, the API's documentation, files."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from apps.core import files, health, metrics
from apps.core.access import public
from apps.core.middleware import client_ip
from apps.core.models import StoredFile
from apps.core.refused import Refused

LOOPBACK = frozenset({"127.0.0.1", "::1"})


@public("Process managers ask; it tells nothing.")
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@public("Load balancers ask; it names parts, no addresses.")
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Whether this process can serve pages now."""
    found = health.problems()
    body = {"status": "unavailable" if found else "ok", "version": settings.VERSION, "problems": found}
    return JsonResponse(body, status=503 if found else 200, headers={"Cache-Control": "no-store"})


@public("Prometheus shows its token, or comes from this machine.")
@require_safe
def metrics_page(request: HttpRequest) -> HttpResponse:
    """All numbers as text; 401 for anybody else."""
    offered = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.METRICS_TOKEN:
        allowed = secrets.compare_digest(offered.encode(), settings.METRICS_TOKEN.encode())
    else:
        # Behind a proxy on the same machine everybody would come from loopback, so then a token is needed.
        allowed = client_ip(request) in LOOPBACK and "X-Forwarded-For" not in request.headers
    if not allowed:
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(metrics.exposition(), content_type=metrics.CONTENT_TYPE)


@public("The description of the API holds no data.")
@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """Swagger's browser of the API, from our own files."""
    return render(request, "core/api_docs.html")


USE_APP = "app.use"  # `accounts` names it; its guards stand a floor higher


def _file(request: HttpRequest, pk: int, answer: Callable[[StoredFile], FileResponse]) -> HttpResponseBase:
    member = getattr(request, "member", None)
    if member is None:
        return redirect_to_login(request.get_full_path())
    if not member.can(USE_APP):
        raise PermissionDenied
    stored = get_object_or_404(StoredFile.objects.owned_by(member.organization_id).clean(), pk=pk)
    if stored.permission and not member.can(stored.permission):
        raise PermissionDenied
    try:
        return answer(stored)
    except (Refused, FileNotFoundError) as missing:
        raise Http404 from missing


@require_safe
def file_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A clean file of the member's organisation, as an attachment."""
    return _file(request, pk, files.download)


@require_safe
def file_thumbnail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Its small picture."""
    return _file(request, pk, files.thumbnail)


file_download.permission = file_thumbnail.permission = USE_APP  # type: ignore[attr-defined]
