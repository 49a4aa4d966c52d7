from __future__ import annotations

import pytest
from django.utils import timezone

from apps.core.audit import System
from apps.customers.models import Branch, Customer, Visit
from apps.feedback.models import Response, SurveyRequest
from apps.forms.models import OneTimeLink
from apps.imports import actions
from apps.imports.models import RunState
from tests.imports.conftest import Bring

pytestmark = pytest.mark.django_db

VISITS = """Kunde,E-Mail,Datum,Filiale,Grund
Ann Lee,ann@example.com,03.05.2024 10:00,Altstadt,Kontrolle
Ann Lee,ann@example.com,04.05.2024 10:00,Hafen,Abholung
Bob,bob@example.com,31.02.2024 10:00,Hafen,Abholung
"""
REVIEWS = """review_id,order_id,review_score,review_comment_title,review_comment_message,review_creation_date
r1,o1,4,Bom,"Gostei, recomendo",2018-01-18 00:00:00
r2,o1,6,,,2018-01-18 00:00:00
r3,o9,1,,Ruim,2018-01-19 00:00:00
"""


def test_visits_bring_customers_and_branches_and_ask_nobody(bring: Bring) -> None:
    run = bring("visits", VISITS)
    assert run.counters == {"rows": 3, "created": 2, "updated": 0, "unchanged": 0, "withheld": 0, "rejected": 1}, (
        run.error
    )
    ann = Customer.objects.get(email="ann@example.com")
    assert ann.last_branch == Branch.objects.get(name="Hafen")
    assert f"{ann.last_visited_at:%Y-%m-%d %H:%M}" == "2024-05-04 08:00"
    assert not SurveyRequest.objects.exists()
    again = bring("visits", VISITS)
    assert (again.created, again.unchanged) == (0, 2)
    assert Visit.objects.count() == 2


def test_reviews_become_responses_of_the_customers_of_their_orders(bring: Bring) -> None:
    bring("orders", "order_id,customer_id,order_status,order_purchase_timestamp\no1,c1,delivered,2017-07-09 21:57:05\n")
    run = bring("", REVIEWS)
    assert (run.layout, run.created, run.rejected) == ("olist_reviews", 1, 2), run.error
    response = Response.objects.get()
    assert (response.stars, response.comment) == (4, "Bom: Gostei, recomendo")
    assert response.customer.name == "c1"
    assert bring("", REVIEWS).unchanged == 1
    actions.work_on(actions.undo(run, by=System("test"), now=timezone.now()), now=timezone.now())
    run.refresh_from_db()
    assert run.state == RunState.UNDONE, run.error
    assert (Response.objects.count(), SurveyRequest.objects.count(), OneTimeLink.objects.count()) == (0, 0, 0)
    assert Customer.objects.count() == 1
