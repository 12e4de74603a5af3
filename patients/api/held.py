"""Endpoints of rows that wait for a person: see them, say what they mean, or reject them."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from healthcare.accounts.permissions import Permission
from healthcare.accounts.requests import ApiRequest, may
from healthcare.audit import services as audit
from patients.models import HeldResult
from patients.services import heldlist, settling


class HeldResultSerializer(serializers.ModelSerializer):
    """A row that waits. `key` is what is not known: one answer settles all rows that share it."""

    source = serializers.CharField(  # type: ignore[assignment]
        source="lab_source.name", read_only=True, default=""
    )
    lab_import = serializers.UUIDField(
        source="lab_import.public_id", read_only=True, default=None, allow_null=True
    )
    cells = serializers.DictField(
        child=serializers.CharField(allow_blank=True), read_only=True,
        help_text="What the row said, by the names of our fields",
    )  # fmt: skip

    class Meta:
        model = HeldResult
        fields = [
            "id",
            "reason",
            "key",
            "source",
            "lab_import",
            "row",
            "column",
            "cells",
            "received_at",
            "status",
            "comment",
        ]


class MatchSerializer(serializers.Serializer):
    patient = serializers.UUIDField(help_text="Id of the patient whose results these are")
    remember = serializers.BooleanField(
        default=False, help_text="The number of the rows is this patient's: know it in later files"
    )


class MapCodeSerializer(serializers.Serializer):
    analyte = serializers.CharField(help_text="Short name or LOINC code of the test")
    unit = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=30,
        help_text="In UCUM, where the rows give none",
    )  # fmt: skip

    source = serializers.CharField(  # type: ignore[assignment]
        required=False, default="", allow_blank=True, max_length=60,
        help_text="Who wrote the rows, where the upload did not name it",
    )  # fmt: skip


class MapUnitSerializer(serializers.Serializer):
    unit = serializers.CharField(max_length=30, help_text="In UCUM, such as mg/dL")


class RejectSerializer(serializers.Serializer):
    comment = serializers.CharField(min_length=3, max_length=200)


class SettledSerializer(serializers.Serializer):
    """What became of the rows that one answer was for."""

    settled = serializers.IntegerField(help_text="Rows that wait no longer")
    waiting = serializers.IntegerField(help_text="Rows that still wait for this or another answer")


class HeldResultViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """Rows that wait for a person, oldest first. An answer to one row settles every waiting row
    with the same `reason` and `key`."""

    request: ApiRequest
    queryset = HeldResult.objects.none()
    permission_classes = [IsAuthenticated, may(Permission.INTAKE_RESOLVE)]
    serializer_class = HeldResultSerializer
    filterset_fields = ["reason", "status"]

    def get_queryset(self):
        rows = HeldResult.objects.visible_to(self.request.user)
        return rows.select_related("lab_source", "lab_import").order_by("received_at", "pk")

    def paginate_queryset(self, queryset):
        page = super().paginate_queryset(queryset)
        if page:
            audit.record(
                "held_results.listed", target=page[0], by=self.request.user, rows=len(page)
            )
        return page

    def retrieve(self, request: Request, *args, **kwargs) -> Response:
        row = self.get_object()
        audit.record("held_results.read", target=row, by=self.request.user)
        return Response(self.get_serializer(row).data)

    @extend_schema(request=MatchSerializer, responses=SettledSerializer)
    @action(detail=True, methods=["post"])
    def match(self, request: ApiRequest, pk: str) -> Response:
        """Say whose the rows are. They are stored at once."""
        said = self._said(MatchSerializer)
        patient = heldlist.identified(said["patient"], by=request.user)
        if patient is None:
            raise ValidationError({"patient": ["There is no such patient."]})
        return self._settled(settling.match, patient=patient, remember=said["remember"])

    @extend_schema(request=MapCodeSerializer, responses=SettledSerializer)
    @action(detail=True, methods=["post"], url_path="map-code")
    def map_code(self, request: ApiRequest, pk: str) -> Response:
        """Say which test is meant; remembered for the source."""
        said = self._said(MapCodeSerializer)
        analyte = heldlist.analyte_named(said["analyte"])
        if analyte is None:
            raise ValidationError({"analyte": ["No test has this short name or LOINC code."]})
        return self._settled(
            settling.map_code, analyte=analyte, unit=said["unit"], source=said["source"]
        )

    @extend_schema(request=MapUnitSerializer, responses=SettledSerializer)
    @action(detail=True, methods=["post"], url_path="map-unit")
    def map_unit(self, request: ApiRequest, pk: str) -> Response:
        """Say which unit is meant."""
        return self._settled(settling.map_unit, **self._said(MapUnitSerializer))

    @extend_schema(request=RejectSerializer, responses=SettledSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: ApiRequest, pk: str) -> Response:
        """Reject the rows; they are kept with the comment and wait no longer."""
        return self._settled(settling.reject, **self._said(RejectSerializer))

    def _said(self, form_class: type[serializers.Serializer]) -> dict:
        form = form_class(data=self.request.data)
        form.is_valid(raise_exception=True)
        return form.validated_data

    def _settled(self, settle, **answer) -> Response:
        try:
            outcome = settle(self.get_object(), by=self.request.user, now=timezone.now(), **answer)
        except settling.NotPossible as refusal:
            raise ValidationError({"detail": [str(refusal)]}) from refusal
        return Response(outcome._asdict())
