"""What happens to an organisation."""

from __future__ import annotations

import io
import warnings
from dataclasses import asdict, dataclass
from typing import BinaryIO

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from apps.accounts.actions import change
from apps.accounts.models import Organization
from apps.core import audit
from apps.core.audit import Actor
from apps.core.refused import Refused

LOGO_SIDE_PIXELS = 512
# It travels with every survey page, which has 60 kB for everything.
LOGO_MOST_BYTES = 40_000
LOGO_MAX_PIXELS = 25_000_000


@dataclass(frozen=True, kw_only=True)
class OrganizationDetails:
    """What an organisation says of itself."""

    name: str
    time_zone: str = "UTC"
    currency: str = "EUR"
    language: str = "en"
    country: str = ""


@transaction.atomic
def create_organization(details: OrganizationDetails, *, by: Actor) -> Organization:
    """A new organisation without members, under a short name of its own."""
    organization = Organization.objects.create(slug=_free_slug(details.name), **asdict(details))
    audit.record("organization.created", by=by, organization_id=organization.pk, on=organization, after=asdict(details))
    return organization


@transaction.atomic
def update_organization(
    organization: Organization,
    details: OrganizationDetails,
    *,
    brand_colour: str,
    by: Actor,
    logo: BinaryIO | None = None,
    remove_logo: bool = False,
) -> Organization:
    """Change what it says of itself; a given `logo` replaces the old one. Raises Refused for what is no picture."""
    organization = Organization.objects.select_for_update().get(pk=organization.pk)
    fields: dict[str, object] = {**asdict(details), "brand_colour": brand_colour.lower()}
    if logo is not None:
        content = ContentFile(reencoded_logo(logo))
        fields["logo"] = organization.logo.storage.save(f"logos/{organization.pk}.png", content)
    elif remove_logo:
        fields["logo"] = ""
    change.write(organization, fields, by=by, action="organization.updated", organization_id=organization.pk)
    return organization


@transaction.atomic
def update_sender(organization: Organization, *, name: str, email: str, by: Actor) -> Organization:
    """Under which name and address its mails go out."""
    organization = Organization.objects.select_for_update().get(pk=organization.pk)
    fields = {"sender_name": name, "sender_email": email}
    change.write(organization, fields, by=by, action="organization.sender_changed", organization_id=organization.pk)
    return organization


def reencoded_logo(upload: BinaryIO) -> bytes:
    """The picture drawn anew as a small PNG: no metadata, no script, nothing hidden behind the pixels."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(upload)
            if picture.width * picture.height > LOGO_MAX_PIXELS:
                raise Refused(_("This picture has too many pixels."), code="logo_too_large", field="logo")
            drawn = ImageOps.exif_transpose(picture).convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refused(_("This file is not a picture that we can read."), code="not_a_picture", field="logo") from error
    drawn.thumbnail((LOGO_SIDE_PIXELS, LOGO_SIDE_PIXELS))
    content = _png(drawn)
    while len(content) > LOGO_MOST_BYTES:
        # A photograph: first fewer colours, then fewer pixels.
        content = _png(drawn.quantize(256, method=Image.Quantize.FASTOCTREE))
        drawn = drawn.resize((max(1, drawn.width * 3 // 4), max(1, drawn.height * 3 // 4)))
    return content


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _free_slug(name: str) -> str:
    base = slugify(name)[:50] or "organization"
    taken = set(Organization.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    number = 2
    slug = base
    while slug in taken:
        slug = f"{base}-{number}"
        number += 1
    return slug
