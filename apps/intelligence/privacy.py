"""What intelligence holds of a customer: nothing. Texts go to a model redacted and are not stored on the way."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.core import personal_data
from apps.core.personal_data import Part

personal_data.register(Part(key="intelligence", label=_("Language model"), order=40))
