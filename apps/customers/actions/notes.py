"""Notes about customers: written, changed, pinned, deleted; whoever is mentioned is told by mail."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import Membership
from apps.accounts.permissions import Can
from apps.core import audit, files
from apps.core.audit import Actor
from apps.core.refused import Refused
from apps.customers.models import Customer, Note
from apps.messaging import compose
from apps.messaging.actions import Draft, send

LONGEST = 10_000
MOST_FILES = 10
# `@Grace`, `@"Grace Hopper"`, `@grace@navy.example`.
_MENTION = re.compile(r'(?<![\w.])@(?:"([^"\n]{1,200})"|([\w.+-]+@[\w.-]+\w|[\w-]+))')


@transaction.atomic
def write_note(
    customer: Customer,
    text: str,
    *,
    by: Actor,
    now: datetime,
    uploads: Iterable[File[bytes]] = (),
    is_pinned: bool = False,
) -> Note:
    """Write a note; files go with it. Raises Refused (`note_empty`, `note_too_long`, or what `files.accept` raises)."""
    author = by if isinstance(by, Membership) else None
    note = Note.objects.create(
        organization_id=customer.organization_id,
        customer=customer,
        text=_text(text),
        by=author,
        by_label=by.audit_label[:200],
        is_pinned=is_pinned,
        created_at=now,
    )
    uploads = list(uploads)
    if len(uploads) > MOST_FILES:
        raise Refused(
            _("At most %(most)d files go with a note.") % {"most": MOST_FILES}, code="too_many", field="files"
        )
    for upload in uploads:
        stored = files.accept(
            upload,
            organization_id=customer.organization_id,
            by=by,
            now=now,
            reference=f"customer:{customer.pk}",
        )
        note.files.add(stored)
    audit.record("note.written", by=by, organization_id=note.organization_id, on=note)
    _tell_mentioned(note, by=by, now=now)
    return note


@transaction.atomic
def edit_note(note: Note, text: str, *, by: Actor, now: datetime) -> Note:
    """Change the text; only who was not mentioned before is told. Raises Refused (`not_yours`, `note_…`)."""
    note = _mine(note, by)
    if note.text != (text := _text(text)):
        note.text, note.edited_at = text, now
        note.save(update_fields=["text", "edited_at"])
        audit.record("note.edited", by=by, organization_id=note.organization_id, on=note)
        _tell_mentioned(note, by=by, now=now)
    return note


@transaction.atomic
def delete_note(note: Note, *, by: Actor, now: datetime) -> None:
    """Take the note from the page; it is kept until the customer is erased. Raises Refused (`not_yours`)."""
    note = _mine(note, by)
    if note.deleted_at is None:
        note.deleted_at = now
        note.save(update_fields=["deleted_at"])
        audit.record("note.deleted", by=by, organization_id=note.organization_id, on=note)


@transaction.atomic
def pin_note(note: Note, *, is_pinned: bool, by: Actor) -> Note:
    """Let the note stand above the others, or no longer; anybody of the team may."""
    note = Note.objects.select_for_update().get(pk=note.pk)
    note.is_pinned = is_pinned
    note.save(update_fields=["is_pinned"])
    audit.record("note.pinned", by=by, organization_id=note.organization_id, on=note, after={"is_pinned": is_pinned})
    return note


def _text(text: str) -> str:
    text = text.replace("\x00", "").replace("\r\n", "\n").strip()
    if not text:
        raise Refused(_("Write something first."), code="note_empty", field="text")
    if len(text) > LONGEST:
        raise Refused(
            _("A note has at most %(most)d characters.") % {"most": LONGEST}, code="note_too_long", field="text"
        )
    return text


def _mine(note: Note, by: Actor) -> Note:
    note = Note.objects.select_for_update(of=("self",)).select_related("customer", "by").get(pk=note.pk)
    is_manager = isinstance(by, Membership) and by.can(Can.MANAGE_FIELDS)
    is_author = isinstance(by, Membership) and note.by_id == by.pk
    if isinstance(by, Membership) and not (is_author or is_manager):
        raise Refused(_("Only whoever wrote it may change this note."), code="not_yours")
    return note


def mentioned_in(text: str, organization_id: int) -> list[Membership]:
    """The members whom a text mentions: by their name, their first name where only one has it, or their address."""
    wanted = {(quoted or word).casefold() for quoted, word in _MENTION.findall(text)}
    if not wanted:
        return []
    team = [
        member
        for member in Membership.objects.owned_by(organization_id).active().select_related("user", "organization")
        if member.can(Can.VIEW_CUSTOMERS)
    ]
    firsts = [str(member).split()[0].casefold() for member in team if str(member).split()]
    found = []
    for member in team:
        name = str(member).casefold()
        first = name.split()[0] if name.split() else ""
        if name in wanted or member.user.email.casefold() in wanted or (first in wanted and firsts.count(first) == 1):
            found.append(member)
    return found


def _tell_mentioned(note: Note, *, by: Actor, now: datetime) -> None:
    known = set(note.mentioned.values_list("pk", flat=True))
    fresh = [each for each in mentioned_in(note.text, note.organization_id) if each.pk not in known]
    note.mentioned.add(*fresh)
    for member in fresh:
        if isinstance(by, Membership) and member.pk == by.pk:
            continue
        address = f"{settings.BASE_URL}{reverse('customers:customer_detail', args=[note.customer_id])}#note-{note.pk}"
        mail = compose.render_email(
            "customers/email/mentioned",
            {"note": note, "customer": note.customer, "author": by.audit_label, "url": address},
            member.organization,
            "",
        )
        try:
            send(
                Draft(
                    kind="mention",
                    to_address=member.user.email,
                    to_name=str(member),
                    subject=mail.subject,
                    text=mail.text,
                    html=mail.html,
                    reference=f"customers.note:{note.pk}",
                    idempotency_key=f"mention:{note.pk}:{member.pk}",
                ),
                organization=member.organization,
                now=now,
            )
        except Refused:
            # Their address is held back: the note itself is not worth refusing for that.
            continue


@transaction.atomic
def change_note(
    note: Note, *, by: Actor, now: datetime, text: str | None = None, is_pinned: bool | None = None
) -> Note:
    """Change text and pin at once. Raises what `edit_note` raises."""
    if text is not None:
        note = edit_note(note, text, by=by, now=now)
    if is_pinned is not None:
        note = pin_note(note, is_pinned=is_pinned, by=by)
    return note
