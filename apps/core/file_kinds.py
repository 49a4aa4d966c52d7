"""What a file is, by its bytes and never by its name; and pictures made anew, so that nothing hides in them."""

from __future__ import annotations

import re
import warnings
from io import BytesIO
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from apps.core.refused import Refused

if TYPE_CHECKING:
    from PIL.Image import Image

PDF = "application/pdf"
CSV, TEXT = "text/csv", "text/plain"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
IMAGES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
DOCUMENTS = frozenset({PDF, CSV, TEXT, XLSX, DOCX, *IMAGES})

MOST_PIXELS = 40_000_000
THUMBNAIL_PIXELS = (320, 320)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")


def kind_of(content: bytes, allowed: frozenset[str]) -> str:
    """The media type. Raises Refused for one that is not allowed or cannot be told."""
    import filetype

    found = filetype.guess(content)
    kind = found.mime if found else _text_kind(content, allowed)
    if kind not in allowed:
        raise Refused(_("Files of this kind are not accepted."), code="file_kind", field="file")
    return str(kind)


def _text_kind(content: bytes, allowed: frozenset[str]) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
        if "\ufffd" in text:
            return ""
    # HTML, SVG and scripts are text too, and somebody's browser or shell would run them.
    if CONTROL.search(text) or text.lstrip()[:1] == "<" or text.startswith("#!"):
        return ""
    return CSV if CSV in allowed else TEXT


def remade_picture(content: bytes, kind: str) -> tuple[bytes, bytes]:
    """The picture and its thumbnail, drawn anew: without EXIF (where it was taken) and without foreign bytes.

    Raises Refused for a broken picture and for one of more than 40 million pixels.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(BytesIO(content), formats=[IMAGES[kind]])
            # The header tells the size before anything is unpacked.
            if picture.width * picture.height > MOST_PIXELS:
                raise Refused(_("This picture has too many pixels."), code="picture_size", field="file")
            upright = ImageOps.exif_transpose(picture)
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning, OSError) as error:
        raise Refused(_("This picture cannot be read."), code="picture_broken", field="file") from error
    small = upright.copy()
    small.thumbnail(THUMBNAIL_PIXELS)
    return _encoded(upright, IMAGES[kind]), _encoded(small, IMAGES[kind])


def _encoded(picture: Image, image_format: str) -> bytes:
    clean = picture.convert("RGB") if image_format == "JPEG" and picture.mode != "RGB" else picture.copy()
    clean.info = {}
    written = BytesIO()
    clean.save(written, image_format, quality=88)
    return written.getvalue()
