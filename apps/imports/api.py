"""Imports by program: upload, look, map, run, fetch the rejected rows, take back."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.guards import caller_of
from apps.accounts.models import Organization
from apps.accounts.permissions import Can
from apps.core.api import KeysetList, ProblemSerializer, page_of
from apps.core.keyset import Keyset
from apps.imports import actions
from apps.imports.download import error_file_of
from apps.imports.models import ImportRun

PROBLEMS = {400: ProblemSerializer, 409: ProblemSerializer}


class RunSerializer(serializers.ModelSerializer[ImportRun]):
    """An import with its counters. `work` is empty when no worker has it in hand."""

    class Meta:
        model = ImportRun
        fields = [
            "id", "target", "source", "name", "size", "sha256", "settings", "columns", "layout", "mapping", "constants",
            "questions", "notes", "state", "work", "rows", "created", "updated", "unchanged", "withheld", "rejected",
            "percent", "error", "error_code", "corrects", "created_at", "started_at", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields


class UploadSerializer(serializers.Serializer[Any]):
    """`target` empty: recognised."""

    file = serializers.FileField()
    target = serializers.CharField(required=False, allow_blank=True, default="")
    source = serializers.CharField(required=False, allow_blank=True, default="", max_length=50)  # type: ignore[assignment]


class MappingSerializer(serializers.Serializer[Any]):
    """`mapping`: field → column's name; `constants`: field → value; `settings`: encoding, decimal, date_order, …"""

    mapping = serializers.DictField(child=serializers.CharField(), required=False)
    constants = serializers.DictField(child=serializers.CharField(), required=False)
    settings = serializers.DictField(required=False)
    source = serializers.CharField(required=False, max_length=50)  # type: ignore[assignment]
    target = serializers.CharField(required=False)


class StepSerializer(serializers.Serializer[Any]):
    """What to do."""

    action = serializers.ChoiceField(choices=["check", "import", "cancel", "undo"])


def _organization(request: Request) -> Organization:
    organization: Organization = request._request.organization  # type: ignore[attr-defined]
    return organization


def _run(request: Request, pk: int) -> ImportRun:
    return get_object_or_404(ImportRun.objects.owned_by(_organization(request)), pk=pk)


class RunList(KeysetList):
    """Imports, newest first."""

    permissions = {"GET": Can.IMPORT_DATA, "POST": Can.IMPORT_DATA}
    keyset = Keyset("-id")
    serializer_class = RunSerializer
    parser_classes = [MultiPartParser]

    @extend_schema(operation_id="imports_list", summary="Imports", responses=page_of(RunSerializer))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[ImportRun]:
        """The caller's imports."""
        return ImportRun.objects.owned_by(_organization(self.request))

    @extend_schema(
        summary="Upload a file",
        description="The file is recognised and a mapping proposed; nothing is imported yet.",
        request={"multipart/form-data": UploadSerializer},
        responses={201: RunSerializer, **PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """Take the file in."""
        sent = UploadSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        file = sent.validated_data["file"]
        caller = caller_of(request)
        assert caller is not None
        run = actions.upload(
            file.chunks(),
            file.name,
            organization=_organization(request),
            by=caller,
            now=timezone.now(),
            target_key=sent.validated_data["target"],
            source=sent.validated_data["source"],
        )
        return Response(RunSerializer(run).data, status=status.HTTP_201_CREATED)


class RunDetail(APIView):
    """One import."""

    permissions = {"GET": Can.IMPORT_DATA, "PATCH": Can.IMPORT_DATA}

    @extend_schema(operation_id="imports_retrieve", summary="One import", responses=RunSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """State, progress and counters."""
        return Response(RunSerializer(_run(request, pk)).data)

    @extend_schema(
        summary="Say how the file is written and mapped",
        description="What is not sent stays. `mapping` and `constants` replace the whole of the former ones.",
        request=MappingSerializer,
        responses={200: RunSerializer, **PROBLEMS},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change what was sent."""
        run = _run(request, pk)
        sent = MappingSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        said = sent.validated_data
        places = {name: number for number, name in enumerate(run.columns)}
        unknown = [name for name in said.get("mapping", {}).values() if name not in places]
        if unknown:
            raise serializers.ValidationError({"mapping": [f"The file has no column {unknown[0]}."]})
        caller = caller_of(request)
        assert caller is not None
        columns = {key: places[name] for key, name in said["mapping"].items()} if "mapping" in said else run.mapping
        run = actions.describe(
            run,
            columns=columns,
            constants=said.get("constants", run.constants),
            settings=said.get("settings", {}),
            source=said.get("source", ""),
            target_key=said.get("target", ""),
            by=caller,
        )
        return Response(RunSerializer(run).data)


class RunStep(APIView):
    """Check, import, cancel or take back."""

    permission = Can.IMPORT_DATA

    @extend_schema(
        summary="Check, import, stop or take back",
        description="The answer comes at once; ask for the import until `work` is empty.",
        request=StepSerializer,
        responses={202: RunSerializer, **PROBLEMS},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Ask a worker for it."""
        run = _run(request, pk)
        sent = StepSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        steps = {
            "check": actions.start_check,
            "import": actions.start,
            "cancel": actions.cancel,
            "undo": actions.undo,
        }
        caller = caller_of(request)
        assert caller is not None
        run = steps[sent.validated_data["action"]](run, by=caller, now=timezone.now())
        return Response(RunSerializer(run).data, status=status.HTTP_202_ACCEPTED)


class RunErrors(APIView):
    """The rejected rows."""

    permission = Can.IMPORT_DATA

    @extend_schema(summary="The rejected rows as CSV", responses={(200, "text/csv"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """Each row as it was, and why."""
        return error_file_of(_run(request, pk))
