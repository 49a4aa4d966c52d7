"""No model holds a customer's data without a word on how it is shown and what an erasure does to it."""

from __future__ import annotations

from django.apps import apps
from django.db import models

from apps.core import personal_data
from apps.customers.models import Customer

# Models of ours that hold nothing of customers, and why; everything else is named in the `privacy.py` of its app.
HOLDS_NOTHING = {
    "core.HandledEvent": "Ids of events that were handled.",
    "accounts.ApiKey": "The organisation's keys.",
    "accounts.Invitation": "Addresses of staff.",
    "accounts.Membership": "Staff.",
    "accounts.Organization": "The organisation itself.",
    "accounts.Session": "Sessions of staff.",
    "accounts.User": "Staff.",
    "accounts.User_groups": "Staff.",
    "accounts.User_user_permissions": "Staff.",
    "intelligence.Fallback": "When and why a model stood in, without what was written.",
    "intelligence.TokenUse": "Sums of a day.",
    "imports.ImportMapping": "Names of columns.",
    "customers.Branch": "The organisation's places.",
    "customers.CustomField": "What fields there are; their values are in the record.",
    "customers.DuplicateSweep": "How far a sweep is.",
    "customers.ErasedIdentity": "The keyed hash that keeps an erased customer from coming back.",
    "customers.Note_files": "A link between a note and a file; goes with either.",
    "customers.Note_mentioned": "A link between a note and a member; goes with the note.",
    "customers.Notice": "The words that everybody is shown.",
    "customers.PrivacySettings": "How the organisation answers.",
    "customers.SearchSubscription": "Which members hear of newcomers, and the numbers of the records they heard of.",
    "customers.StaffMember": "Staff.",
    "customers.Tag": "Words for many customers.",
    "compass_forms.OneTimeLink": "Goes with the survey request to which it belongs.",
    "commerce.Category": "What is sold.",
    "commerce.Product": "What is sold.",
    "tracking.EventKey": "Hashes of message ids, so that a repeated call is known.",
    "tracking.PlanEvent": "What events there should be.",
    "tracking.Source": "Websites and products.",
    "tracking.TrackingSettings": "How events are received.",
    "feedback.SurveySettings": "How surveys are sent.",
}


def named() -> set[str]:
    return {holding.label for part in personal_data.parts() for holding in part.holdings}


def silent(found: set[str]) -> set[str]:
    """Models of which no app said what becomes of them."""
    return found - named() - set(HOLDS_NOTHING)


def own_models() -> set[str]:
    return {
        model._meta.label
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_config.name.startswith("apps.")
    }


def reached_from(start: type[models.Model]) -> set[str]:
    """Every model from which foreign keys lead to this one, over any number of others."""
    reached: set[type[models.Model]] = {start}
    while more := {
        model
        for model in apps.get_models(include_auto_created=True)
        if model not in reached
        for field in (*model._meta.concrete_fields, *model._meta.many_to_many)
        if isinstance(field.related_model, type) and field.related_model in reached
    }:
        reached |= more
    return {model._meta.label for model in reached}


def test_every_model_of_every_app_says_what_becomes_of_it() -> None:
    left = silent(own_models())
    assert not left, f"name these in apps/<app>/privacy.py, or above with a reason: {left}"


def test_every_model_that_leads_to_a_customer_is_named() -> None:
    assert not silent(reached_from(Customer))


def test_no_stale_reasons() -> None:
    assert set(HOLDS_NOTHING) <= own_models()
    assert not set(HOLDS_NOTHING) & named()


def test_the_guard_bites() -> None:
    """A new model with a foreign key, and one without, are both missed until somebody names them."""

    class Complaint(models.Model):
        customer = models.ForeignKey(Customer, on_delete=models.CASCADE)

        class Meta:
            app_label = "customers"

    class Postcard(models.Model):
        address = models.TextField()

        class Meta:
            app_label = "messaging"

    try:
        assert silent(reached_from(Customer)) == {"customers.Complaint"}
        assert silent(own_models()) == {"customers.Complaint", "messaging.Postcard"}
    finally:
        del apps.all_models["customers"]["complaint"], apps.all_models["messaging"]["postcard"]
        apps.clear_cache()
    assert not silent(own_models())


def test_each_app_has_a_part() -> None:
    """Also those that hold nothing say so, which is what an access request answers."""
    with_models = {label.partition(".")[0] for label in own_models()} - {"accounts", "compass_forms"}
    assert with_models <= {part.key for part in personal_data.parts()}
