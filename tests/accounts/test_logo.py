"""The logo that customers see: public by a signed address, a picture of ours and nothing else of the file store."""

from __future__ import annotations

import io
import os

import pytest
from django.test import Client
from PIL import Image
from pytest_django import DjangoAssertNumQueries

from apps.accounts import actions
from apps.accounts.actions import OrganizationDetails
from apps.accounts.models import Membership, Organization
from apps.messaging.compose import render_email
from tests.accounts.test_actions import logo_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def shown(organization: Organization, admin_member: Membership) -> Organization:
    """The organisation with a logo."""
    return with_logo(organization, logo_of((300, 100), "JPEG"), admin_member)


def with_logo(organization: Organization, logo: io.BytesIO, by: Membership) -> Organization:
    details = OrganizationDetails(name=organization.name)
    return actions.update_organization(organization, details, brand_colour="#2f6fed", logo=logo, by=by)


def test_everybody_sees_the_picture_and_nothing_runs(shown: Organization) -> None:
    answer = Client().get(shown.logo_path)
    assert answer.status_code == 200
    assert Image.open(io.BytesIO(answer.content)).format == "PNG"
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["Cache-Control"].startswith("public, max-age=")
    assert "Set-Cookie" not in answer and "Cookie" not in answer.get("Vary", "")


def test_forged_addresses_cost_no_query(shown: Organization, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    signed = shown.logo_path.split("/")[2]
    other = signed.replace(str(shown.pk), str(shown.pk + 1), 1)
    with django_assert_num_queries(0):
        for token in (str(shown.pk), other, signed[:-1], "logos", ".."):
            assert Client().get(f"/logo/{token}/").status_code == 404, token


def test_nothing_else_of_the_store_is_public(shown: Organization) -> None:
    for path in (shown.logo.name, f"media/{shown.logo.name}", f"files/{shown.logo.name}", f"logo/../{shown.logo.name}"):
        assert Client().get(f"/{path}").status_code in (302, 404), path


def test_another_logo_has_another_address_and_the_old_one_still_shows_one(
    shown: Organization, admin_member: Membership
) -> None:
    before = shown.logo_path
    after = with_logo(shown, logo_of((50, 50)), admin_member).logo_path
    assert before != after
    assert Client().get(before).content == Client().get(after).content
    actions.update_organization(
        shown, OrganizationDetails(name="H"), brand_colour="#2f6fed", remove_logo=True, by=admin_member
    )
    assert Client().get(after).status_code == 404


def test_a_file_that_is_gone_is_no_error(shown: Organization) -> None:
    os.remove(shown.logo.path)
    assert Client().get(shown.logo_path).status_code == 404


def test_mail_shows_it_by_its_public_address(shown: Organization) -> None:
    mail = render_email("messaging/email/test", {"person": "Ada", "home_url": "https://x.example/"}, shown, "en")
    assert f'src="http://127.0.0.1:8000{shown.logo_path}"' in mail.html
    shown.logo = ""
    assert "<img" not in render_email("messaging/email/test", {"person": "Ada", "home_url": "x"}, shown, "en").html


def test_a_photograph_fits_beside_the_survey(organization: Organization, admin_member: Membership) -> None:
    noise = io.BytesIO()
    Image.effect_noise((900, 700), 120).convert("RGB").save(noise, "PNG")
    noise.seek(0)
    saved = with_logo(organization, noise, admin_member)
    assert saved.logo.size <= 40_000
    with saved.logo.open("rb") as file:
        picture = Image.open(file)
        assert picture.width / picture.height == pytest.approx(9 / 7, abs=0.05)
