"""People: oneself, the team, invitations."""

from __future__ import annotations

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import actions
from apps.accounts.api import asking, serializers
from apps.accounts.models import Membership
from apps.accounts.permissions import Can
from apps.core.api import KeysetList, ProblemSerializer, page_of
from apps.core.keyset import Keyset

PROBLEMS = {400: ProblemSerializer, 403: ProblemSerializer, 409: ProblemSerializer}


class Me(APIView):
    """The person who asks."""

    permission = Can.USE_APP

    @extend_schema(summary="Oneself", responses=serializers.MeSerializer)
    def get(self, request: Request) -> Response:
        """Who I am here and what I may do."""
        return Response(serializers.MeSerializer(asking.person(request)).data)

    @extend_schema(
        summary="Change oneself",
        request=serializers.MeChangeSerializer,
        responses={200: serializers.MeSerializer, **PROBLEMS},
    )
    def patch(self, request: Request) -> Response:
        """Name, language, time zone."""
        me = asking.person(request)
        data = asking.typed(serializers.MeChangeSerializer, request.data)
        me.user = actions.update_profile(
            me.user,
            name=data.get("name", me.user.name),
            language=data.get("language", me.user.language),
            time_zone=data.get("time_zone", me.user.time_zone),
            by=me,
        )
        return Response(serializers.MeSerializer(me).data)


class UserList(KeysetList):
    """The members of the organisation."""

    permission = Can.VIEW_TEAM
    keyset = Keyset("id")
    serializer_class = serializers.MemberSerializer

    @extend_schema(summary="The team", responses=page_of(serializers.MemberSerializer))
    def get(self, request: Request) -> Response:
        """One page, oldest members first."""
        return super().get(request)

    def get_queryset(self) -> QuerySet[Membership]:
        """Members, also former ones."""
        return Membership.objects.owned_by(asking.organization(self.request)).select_related("user")


class UserDetail(APIView):
    """One member."""

    permission = Can.MANAGE_TEAM

    @extend_schema(
        summary="Change a member",
        description="Another role, or whether they may work here. Refused for the last administrator (`last_admin`).",
        request=serializers.MemberChangeSerializer,
        responses={200: serializers.MemberSerializer, 404: ProblemSerializer, **PROBLEMS},
    )
    def patch(self, request: Request, pk: int) -> Response:
        """Role and `is_active`."""
        members = Membership.objects.owned_by(asking.organization(request)).select_related("user")
        member = get_object_or_404(members, user__pk=pk)
        data = asking.typed(serializers.MemberChangeSerializer, request.data)
        changed = actions.update_member(member, by=asking.caller(request), **data)
        return Response(serializers.MemberSerializer(changed).data)


class InvitationList(APIView):
    """Invitations."""

    permission = Can.MANAGE_TEAM

    @extend_schema(
        summary="Invite somebody",
        description="Sends a mail with a link that works for seven days. A second one replaces the first.",
        request=serializers.InviteSerializer,
        responses={201: serializers.InvitationSerializer, **PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """Send the letter."""
        data = asking.typed(serializers.InviteSerializer, request.data)
        sent = actions.invite(asking.organization(request), by=asking.caller(request), now=timezone.now(), **data)
        return Response(serializers.InvitationSerializer(sent).data, status=status.HTTP_201_CREATED)
