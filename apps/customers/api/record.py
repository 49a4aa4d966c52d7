"""Writing the record from other systems: upsert by their id, many at once, tags, contacts and notes of a customer."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.permissions import Can
from apps.core import etag
from apps.core.api import KeysetList, ProblemSerializer, page_of
from apps.core.idempotency import IdempotentMixin
from apps.core.keyset import Keyset
from apps.customers import normalise
from apps.customers.actions import bulk, contacts, notes, tags
from apps.customers.api import record_serializers as shapes
from apps.customers.api import serializers
from apps.customers.api.asking import caller, organization_of, typed, wrong_input_is_400
from apps.customers.models import Customer, Identifier, Note, Tag

PROBLEMS = {400: ProblemSerializer, 409: ProblemSerializer}


class CustomerByExternal(APIView):
    """A customer by the id of another system."""

    permissions = {"GET": Can.VIEW_CUSTOMERS, "PUT": Can.EDIT_CUSTOMERS}

    @extend_schema(summary="One customer by another system's id", responses=serializers.CustomerSerializer)
    def get(self, request: Request, system: str, external_id: str) -> Response:
        """The record, with its ETag."""
        known = Identifier.objects.owned_by(organization_of(request)).live().filter(kind="external")
        found = known.filter(system=system.lower(), value=external_id).order_by("id").first()
        if found is None:
            raise Http404
        return _shown(request, customer_of(request, found.customer_id))

    @extend_schema(
        summary="Write a customer by another system's id",
        description=(
            "Finds the customer by this id, else by the e-mail address, else makes one (201). Fields that are left out "
            "stay as they are; an empty string empties a field. The same request again changes nothing. "
            "`If-Match` is honoured where it is sent."
        ),
        request=shapes.UpsertSerializer,
        responses={200: serializers.CustomerSerializer, 201: serializers.CustomerSerializer, **PROBLEMS},
    )
    def put(self, request: Request, system: str, external_id: str) -> Response:
        """Make or change the customer."""
        data = typed(shapes.UpsertSerializer, request.data)
        organization, now = organization_of(request), timezone.now()
        if request.headers.get("If-Match"):
            known = Identifier.objects.owned_by(organization).live().filter(kind="external")
            stored = known.filter(system=system.lower(), value=external_id).order_by("id").first()
            if stored is None:
                raise etag.PreconditionFailed
            etag.check(request, customer_of(request, stored.customer_id))
        with wrong_input_is_400():
            written = bulk.upsert_customer(organization, system, external_id, data, by=caller(request), now=now)
        code = status.HTTP_201_CREATED if written.is_created else status.HTTP_200_OK
        return _shown(request, written.customer, status=code)


class CustomerBulk(IdempotentMixin, APIView):
    """Many customers at once."""

    permissions = {"POST": Can.EDIT_CUSTOMERS}

    @extend_schema(
        summary="Write many customers",
        description=(
            "Up to 500 items of `{system, external_id, name, email, …}`, each written as by PUT and answered on its "
            "own: one that is rejected does not hold the others up. With `Idempotency-Key` a repetition gets the same "
            "answer; without it, it changes nothing either."
        ),
        request=shapes.BulkSerializer,
        responses={200: shapes.CustomerBulkAnswerSerializer, **PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """Write them in their order."""
        items = typed(shapes.BulkSerializer, request.data)["items"]
        results: list[dict[str, Any] | None] = []
        good: list[dict[str, Any]] = []
        for item in items:
            serializer = shapes.UpsertItemSerializer(data=item)
            if serializer.is_valid():
                good.append(dict(serializer.validated_data))
                results.append(None)
            else:
                field, words = next(iter(serializer.errors.items()))
                detail = str(words[0] if isinstance(words, list) else words)
                results.append({"status": "rejected", "code": "invalid", "detail": detail, "field": field})
        answers = iter(bulk.upsert_many(organization_of(request), good, by=caller(request), now=timezone.now()))
        return Response({"results": [each or _result(next(answers)) for each in results]})


def _result(answer: bulk.Answer) -> dict[str, Any]:
    if answer.refused is not None:
        refused = answer.refused
        return {"status": "rejected", "code": refused.code, "detail": refused.message, "field": refused.field or None}
    assert answer.upserted is not None
    upserted = answer.upserted
    word = "created" if upserted.is_created else "updated" if upserted.is_changed else "unchanged"
    return {"status": word, "id": upserted.customer.pk}


class CustomerTags(APIView):
    """The tags of a customer."""

    permissions = {"GET": Can.VIEW_CUSTOMERS, "POST": Can.EDIT_CUSTOMERS}

    @extend_schema(summary="Tags of a customer", responses=shapes.TagSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """All of them, by name."""
        customer = customer_of(request, pk)
        found = Tag.objects.filter(tagged__customer__in=customer.member_ids).distinct().order_by("name_key")
        return Response(shapes.TagSerializer(found, many=True).data)

    @extend_schema(
        summary="Put a tag on a customer",
        request=shapes.TagNameSerializer,
        responses={200: shapes.TagSerializer(many=True), **PROBLEMS},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Add one by its name; one that they carry stays."""
        customer = customer_of(request, pk)
        name = typed(shapes.TagNameSerializer, request.data)["name"]
        with wrong_input_is_400():
            tags.add_tag(customer, name, by=caller(request), now=timezone.now())
        return self.get(request, pk)


class CustomerTag(APIView):
    """One tag of a customer, by its name."""

    permissions = {"DELETE": Can.EDIT_CUSTOMERS}

    @extend_schema(summary="Take a tag off a customer", responses={204: None})
    def delete(self, request: Request, pk: int, name: str) -> Response:
        """Take it off; a tag that they do not carry is no error."""
        customer = customer_of(request, pk)
        for tag in Tag.objects.owned_by(customer.organization_id).filter(name_key=normalise.name_key(name)):
            tags.remove_tag(customer, tag, by=caller(request), now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class CustomerContacts(APIView):
    """The addresses and numbers of a customer."""

    permissions = {"GET": Can.VIEW_CUSTOMERS, "POST": Can.EDIT_CUSTOMERS}

    @extend_schema(summary="Addresses and numbers of a customer", responses=shapes.ContactSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """All of them."""
        customer = customer_of(request, pk)
        found = contacts.contacts_of(customer)
        return Response(shapes.ContactSerializer(found, many=True, context={"customer": customer}).data)

    @extend_schema(
        summary="Add an address or number, or make it the primary",
        request=shapes.NewContactSerializer,
        responses={200: shapes.ContactSerializer(many=True), **PROBLEMS},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Add it; with `is_primary` it stands in the record."""
        customer, by, now = customer_of(request, pk), caller(request), timezone.now()
        data = typed(shapes.NewContactSerializer, request.data)
        with wrong_input_is_400():
            contacts.write_contact(customer, data["kind"], data["value"], is_primary=data["is_primary"], by=by, now=now)
        return self.get(request, pk)


class CustomerContact(APIView):
    """One address or number."""

    permissions = {"DELETE": Can.EDIT_CUSTOMERS}

    @extend_schema(
        summary="Note that an address or number is not theirs", responses={204: None, 409: ProblemSerializer}
    )
    def delete(self, request: Request, pk: int) -> Response:
        """Take it back; the primary one is refused."""
        found = Identifier.objects.owned_by(organization_of(request)).live().filter(kind__in=("email", "phone"))
        contact = get_object_or_404(found, pk=pk)
        customer = customer_of(request, contact.customer_id)
        contacts.remove_contact(customer, contact, by=caller(request), now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class CustomerNotes(IdempotentMixin, KeysetList):
    """The notes about a customer."""

    permissions = {"GET": Can.VIEW_CUSTOMERS, "POST": Can.EDIT_CUSTOMERS}
    keyset = Keyset("-created_at", "-id")
    serializer_class = shapes.NoteSerializer

    @extend_schema(summary="Notes about a customer, newest first", responses=page_of(shapes.NoteSerializer))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Note]:
        """What nobody deleted."""
        customer = customer_of(self.request, self.kwargs["pk"])
        return Note.objects.standing().filter(customer__in=customer.member_ids)

    @extend_schema(
        summary="Write a note", request=shapes.NoteSerializer, responses={201: shapes.NoteSerializer, **PROBLEMS}
    )
    def post(self, request: Request, pk: int) -> Response:
        """Write one; who is mentioned with @ gets a mail."""
        customer = customer_of(request, pk)
        data = typed(shapes.NoteSerializer, request.data)
        note = notes.write_note(
            customer,
            data["text"],
            by=caller(request),
            now=timezone.now(),
            is_pinned=data.get("is_pinned", False),
        )
        return Response(shapes.NoteSerializer(note).data, status=status.HTTP_201_CREATED)


class NoteDetail(APIView):
    """One note."""

    permissions = {"GET": Can.VIEW_CUSTOMERS, "PATCH": Can.EDIT_CUSTOMERS, "DELETE": Can.EDIT_CUSTOMERS}

    @extend_schema(summary="One note", responses=shapes.NoteSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """The note."""
        return Response(shapes.NoteSerializer(_note(request, pk)).data)

    @extend_schema(
        summary="Change or pin a note",
        request=shapes.NotePatchSerializer,
        responses={200: shapes.NoteSerializer, **PROBLEMS},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Change what was sent."""
        note = _note(request, pk)
        data = typed(shapes.NotePatchSerializer, request.data)
        notes.change_note(note, by=caller(request), now=timezone.now(), **data)
        return self.get(request, pk)

    @extend_schema(summary="Delete a note", responses={204: None, 409: ProblemSerializer})
    def delete(self, request: Request, pk: int) -> Response:
        """Take it away."""
        notes.delete_note(_note(request, pk), by=caller(request), now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


def _note(request: Request, pk: int) -> Note:
    return get_object_or_404(Note.objects.owned_by(organization_of(request)).standing(), pk=pk)


def customer_of(request: Request, pk: int) -> Customer:
    """The caller's customer, or 404; a record that was merged is its head."""
    found = Customer.objects.owned_by(organization_of(request)).select_related("last_branch", "organization")
    customer = get_object_or_404(found, pk=pk)
    return customer if customer.merged_into_id is None else found.get(pk=customer.merged_into_id)


def _shown(request: Request, customer: Customer, *, status: int = 200) -> Response:
    data = serializers.CustomerSerializer(customer, context={"merged_into": None}).data
    return etag.answer(request, customer, data, status=status)
