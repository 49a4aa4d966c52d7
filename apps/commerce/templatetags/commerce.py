"""Amounts and quantities in templates."""

from __future__ import annotations

from django import template

from apps.commerce import money

register = template.Library()
register.filter("money", money.money)
register.filter("quantity", money.quantity)
