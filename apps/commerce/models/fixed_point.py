"""Exact decimals that the database adds up as whole numbers."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

Exact = Decimal | int | str

# What may be assigned and what is read: Django's types add None for a nullable field.
S = TypeVar("S")
G = TypeVar("G")


class FixedPointField(models.Field[S, G]):
    """A `Decimal` in the program, its value × 10**places as `bigint` in the table.

    `sum()` over `bigint` costs a fraction of that over `numeric`, and eight bytes are faster to load. Raw SQL, COPY and
    data frames read and write the whole number: `scale` says how many of it are one. See docs/decisions/0008.
    """

    _pyi_private_set_type: Exact
    _pyi_private_get_type: Decimal
    empty_strings_allowed = False
    places = 0

    def get_internal_type(self) -> str:
        """The column's type. Not a child of Django's integer fields: then an average would come back in stored units,
        and a product of two columns in a scale of its own; so both ask for an `output_field`."""
        return "BigIntegerField"

    @property
    def scale(self) -> int:
        """How many of the stored units are one."""
        return int(10**self.places)

    def to_python(self, value: Any) -> Any:
        """The decimal; raises ValidationError for what is no number or has more places than are kept."""
        if value is None:
            return None
        try:
            number = value if isinstance(value, Decimal) else Decimal(str(value))
            kept = number.quantize(Decimal(1).scaleb(-self.places))
        except InvalidOperation as error:
            raise ValidationError(_("Enter a number."), code="invalid") from error
        if kept != number:
            message = _("At most %(places)d decimal places are kept.")
            raise ValidationError(message, code="too_many_places", params={"places": self.places})
        return kept

    def get_prep_value(self, value: Any) -> Any:
        """The stored whole number; half a unit is rounded away from zero."""
        if value is None or hasattr(value, "resolve_expression"):
            return value
        return units(value if isinstance(value, Decimal) else Decimal(str(value)), self.places)

    def from_db_value(self, value: Any, *_: Any) -> Decimal | None:
        """The decimal, also of sums and averages."""
        return None if value is None else from_units(value, self.places)

    def formfield(self, **kwargs: Any) -> Any:
        """A decimal's input."""
        return super().formfield(
            **{"form_class": forms.DecimalField, "decimal_places": self.places, "max_digits": 17, **kwargs}
        )

    def value_to_string(self, obj: models.Model) -> str:
        """The decimal, for dumps."""
        value = self.value_from_object(obj)
        return "" if value is None else str(value)


class MoneyField(FixedPointField[S, G]):
    """An amount, to the ten-thousandth: real price lists have prices below a cent. The currency stands beside it."""

    places = 4


class QuantityField(FixedPointField[S, G]):
    """How much of something, to the thousandth: some goods are sold by weight. Negative: it came back."""

    places = 3


def units(number: Decimal, places: int) -> int:
    """The whole number that is stored for a decimal."""
    return int(number.scaleb(places).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def from_units(value: Any, places: int) -> Decimal:
    """The decimal of a stored whole number (or of an average of them)."""
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    return number.scaleb(-places).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
